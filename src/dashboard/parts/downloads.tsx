/** What the page shows, as files. */
import { testIds } from '../test-ids.ts';
import { Icon } from './icons.tsx';

function withFormat(path: string, format: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}format=${format}`;
}

/** `rows`: the answer is a list of rows, which the API gives as CSV too. */
export function Downloads({ path, name, rows = false }: { path: string; name: string; rows?: boolean }) {
  return (
    <span className="downloads">
      {rows && (
        <a className="download" href={withFormat(path, 'csv')} download={`${name}.csv`} data-testid={testIds.csv}>
          <Icon name="download" /> CSV
        </a>
      )}
      <a className="download" href={path} download={`${name}.json`} data-testid={testIds.json}>
        <Icon name="download" /> JSON
      </a>
    </span>
  );
}
