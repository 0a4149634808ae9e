/** The manual's tables of settings, in Markdown. */
import { defaultOf, placeholderOf } from './describe.ts';
import { SECTIONS, type Setting } from './setting.ts';
import { flagsOf, SETTINGS } from './settings.ts';

export const BEGIN = '<!-- options: generated, do not edit -->';
export const END = '<!-- /options -->';

/** `|` separates cells also inside code. */
const cell = (text: string): string => text.replaceAll('|', '\\|');

function flagCell(setting: Setting): string {
  if (setting.flag === undefined) return `\`${placeholderOf(setting)}…\``;
  const shorts = setting.short === undefined ? [] : [`\`-${setting.short}\``];
  const value = placeholderOf(setting);
  const longs = flagsOf(setting).map((name) => `\`--${name}${value === '' ? '' : ` ${value}`}\``);
  return [...shorts, ...longs].join(' ');
}

function row(setting: Setting): string {
  const commands = setting.commands.includes('capture') && setting.commands.includes('replay') ? '' : ` (${setting.commands.join(', ')})`;
  const value = defaultOf(setting);
  return `| ${cell(flagCell(setting))} | \`${setting.key}\` | \`${setting.env}\` | ${value === '' ? '' : `\`${cell(value)}\``} | ${cell(setting.help)}${commands} |`;
}

/** What a configuration file says of detection beside settings. */
const RULE_TABLES = `Rules and lists are tables of the configuration file. What \`allow\` matches never becomes an alert and is only counted;
what \`suppress\` matches is recorded with \`suppressed: true\` and disturbs nobody. An entry matches when everything that it
names matches. \`weir rules\` lists rules and settings, \`weir rules check\` tells what is wrong.

Under \`[detect.networks."CIDR".RULE]\` stands what holds for addresses of a network instead, of IPv4 or IPv6, up to 64 of them;
of several that hold an address the most specific one that names a setting counts. The address is that of an alert's
source; for \`syn_flood\`, \`brute_force\`, \`arp_spoof\` and \`new_service\` that of its target. An alert whose source (or target)
is no address has the general settings, and so have \`capture_loss\`, \`clock_step\` and \`dhcp_flood\`, which are about none. A rule
that differs by network runs once for each set of its settings.

\`\`\`toml
[detect.rules.port_scan]
enabled = true
severity = "high"     # info, low, medium, high, critical; goes before what the rule itself says
cooldown_secs = 60    # packet time from an alert's first finding on: repeats are counted on it
ports = 40            # the rule's own settings

[detect.networks."10.20.0.0/16".port_scan]
ports = 200           # scanners of our own; all else as above

[detect.networks."10.30.0.0/16".syn_flood]
enabled = false       # load tests

[[detect.allow]]
rule = "port_scan"
source = "10.0.0.5"   # address, address:port, network, host name or *.example.com; target likewise

[[detect.suppress]]
target = "10.1.0.0/16"
from = 2026-01-31T22:00:00Z
until = 2026-02-01T02:00:00Z
\`\`\`
`;

/** One table per section. */
export function markdownTables(): string {
  const tables = SECTIONS.map((section) => {
    const rows = SETTINGS.filter((setting) => setting.section === section).map(row);
    return `**${section}**\n\n| flag | key | environment | default | meaning |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  const own =
    'Also `--config FILE` (`WEIR_CONFIG`; `""` reads none), `--print-config`, `-h --help` and `-V --version`. ' +
    'The configuration is the first of `./weir.toml`, `./etc/weir/weir.toml`, `/usr/local/etc/weir/weir.toml` and `/etc/weir/weir.toml`. ' +
    'A flag wins over the environment, the environment over the file, the file over the default. ' +
    'An output path of `-` is standard output, the empty path `""` switches an output off.\n';
  return `${tables.join('\n')}\n${own}\n${RULE_TABLES}`;
}

/** The text with what stands between the markers replaced. Throws when it has no markers. */
export function replaceTables(text: string, tables: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the lines "${BEGIN}" and "${END}" are missing`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${tables}\n${text.slice(end)}`;
}
