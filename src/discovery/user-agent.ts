/** What a user agent tells of the device that it runs on. */
import Bowser from 'bowser';

/** The patterns of the library look at the text many times. */
const MOST_CHARACTERS = 512;

export interface AgentFacts {
  readonly os: string | null;
  readonly model: string | null;
}

const NOTHING: AgentFacts = { os: null, model: null };
/** Models that are classes of devices. */
const CLASSES = /^(?:desktop|mobile|tablet|tv|bot)$/i;

/** Browsers write the same version whatever newer one they run on: Windows 10, macOS 10.15.7, Android 10 (with the model `K`). */
function systemOf(name: string, version: string | undefined, versionName: string | undefined, text: string): string {
  if (name === 'Windows') return versionName === '10' ? 'Windows 10 or newer' : `Windows ${versionName ?? ''}`.trim();
  if (name === 'macOS' || /Android 10; K\b/.test(text) || version === undefined) return name;
  return `${name} ${version}`;
}

/** null where the agent does not say. */
export function agentFacts(userAgent: string): AgentFacts {
  const text = userAgent.slice(0, MOST_CHARACTERS);
  if (text.trim() === '') return NOTHING;
  const { os, platform } = Bowser.parse(text);
  const model = platform.model ?? '';
  return {
    os: os.name ? systemOf(os.name, os.version, os.versionName, text) : null,
    model: model === '' || CLASSES.test(model) ? null : model,
  };
}
