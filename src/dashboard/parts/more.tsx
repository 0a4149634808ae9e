/** Under a list behind cursors: how much is here, and the next page. */
import { Button } from '@mantine/core';
import type { Pages } from '../live/use-pages.ts';
import { formatCount } from '../text/units.ts';
import { Failed } from './states.tsx';

export function More<Row>({ pages, what }: { pages: Pages<Row>; what: string }) {
  return (
    <div className="more">
      <span className="faint">
        {formatCount(pages.rows.length)} {what}
        {pages.more ? ', there are more' : ''}
      </span>
      {pages.more && (
        <Button size="xs" variant="default" loading={pages.loading} onClick={pages.readMore}>
          Show more
        </Button>
      )}
      {pages.failure !== null && pages.ready && <Failed failure={pages.failure} again={pages.readMore} />}
    </div>
  );
}
