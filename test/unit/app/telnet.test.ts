import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { telnet } from '../../../src/app/telnet.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream, fromHex } from '../../support/app/drive.ts';

test('options, terminal, the password prompt', () => {
  const { facts } = drivenWell(telnet, dialogues.telnet);
  expect(facts.details.get('telnet')).toEqual({
    server_options: ['do terminal_type', 'do terminal_speed', 'do x_display'],
    client_options: ['will terminal_type', 'wont terminal_speed', 'wont x_display'],
    terminal: 'XTERM',
    password_prompt: true,
  });
  expect([...facts.risks].sort()).toEqual(['cleartext_credentials', 'unsafe_protocol']);
});

test.each(['fffd', 'fffd18', 'fffd64fffd64', 'fffffffffffffff', 'fff9fff9fff9', '16fffd18fffd20'])('%s is no Telnet', (hex) => {
  expect(driveStream(telnet, [[1, fromHex(hex)]]).verdict).not.toBe(Verdict.YES);
});
