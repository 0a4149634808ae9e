/** The settings in force as the API shows them. */
import type { Config } from '../api/contract.ts';
import { describeOrigin } from '../config/origin.ts';
import { isSecret, SETTINGS } from '../config/settings.ts';
import { checkRules, type InForce } from '../detect/rule-settings.ts';
import { RULES } from '../detect/rules.ts';
import type { Session } from './session.ts';

const ruleInForce = ({ enabled, severity, cooldownSecs, settings }: InForce) => ({
  enabled,
  severity,
  cooldown_secs: cooldownSecs,
  settings,
});

/** Of the settings that a service has; secrets are masked, and so are the names of files that hold them. */
export function serviceConfig({ resolved, options }: Session): Config {
  const settings = SETTINGS.filter(({ commands }) => commands.includes('serve')).map(({ key }) => ({
    key,
    value: isSecret(key) || key === 'serve.token_file' || key === 'serve.tls_key' ? masked(resolved.values[key]) : resolved.values[key],
    origin: describeOrigin(resolved.origins[key]),
  }));
  const rules = checkRules(RULES, options.detect).resolved.map((resolved) => ({
    kind: resolved.rule.kind,
    ...ruleInForce(resolved),
    networks: resolved.networks.map((inForce) => ({ network: inForce.network, ...ruleInForce(inForce) })),
    description: resolved.rule.description,
  }));
  return { settings, rules };
}

const masked = (value: unknown): string => (value === '' || value === null ? '' : '***');
