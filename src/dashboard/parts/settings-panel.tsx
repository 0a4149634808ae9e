import type { Config } from '../../api/contract.ts';
import { fieldLabel, valueText, visibleText } from '../text/visible.ts';
import { Mark, SeverityMark } from './mark.tsx';
import { Name } from './name.tsx';

/** Settings with where each came from, and the rules of detection. */
export function SettingsPanel({ config }: { config: Config }) {
  return (
    <>
      <details className="layer">
        <summary>{config.settings.length} settings</summary>
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {config.settings.map(({ key, value, origin }) => (
              <tr key={key}>
                <td>
                  <Name text={key} mono />
                </td>
                <td>{valueText(value)}</td>
                <td>{visibleText(origin)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      <details className="layer">
        <summary>{config.rules.length} rules</summary>
        <ul className="checks">
          {config.rules.map(({ kind, enabled, severity, description, settings }) => (
            <li key={kind}>
              <Mark
                tone={enabled ? 'good' : 'quiet'}
                icon={enabled ? 'check' : 'minus'}
                text={fieldLabel(kind)}
                title={enabled ? 'on' : 'off'}
              />
              <span>
                {visibleText(description)} <SeverityMark severity={severity} />
                <span className="remedy mono">{valueText(settings)}</span>
              </span>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
