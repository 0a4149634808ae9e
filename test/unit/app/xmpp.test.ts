import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { xmpp } from '../../../src/app/xmpp.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('stream, mechanisms, clear-text login', () => {
  const { facts } = drivenWell(xmpp, dialogues.xmpp);
  expect(facts.details.get('jabber')).toEqual({
    to: 'im.example.com',
    from: 'im.example.com',
    namespace: 'jabber:client',
    mechanisms: ['SCRAM-SHA-1', 'PLAIN'],
    auth: 'PLAIN',
  });
  expect(facts.host).toBe('im.example.com');
  expect([...facts.risks]).toEqual(['cleartext_credentials']);
});

test('STARTTLS hands over behind <proceed/>', () => {
  const open = "<stream:stream to='a' xmlns='jabber:server'>";
  const ask = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
  const go = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
  const { offsets } = drivenWell(xmpp, [
    [0, open],
    [1, open],
    [0, ask],
    [1, go],
  ]);
  expect(offsets).toEqual([open.length + ask.length, open.length + go.length]);
});

test('other XML is not XMPP', () => {
  expect(driveStream(xmpp, [[0, "<?xml version='1.0'?><methodCall><methodName>x</methodName></methodCall>"]]).verdict).toBe(Verdict.NO);
  expect(driveStream(xmpp, [[0, '<message>hello</message>']]).verdict).toBe(Verdict.NO);
  expect(driveStream(xmpp, [[0, "<iq type='get' id='1' to='a.example'><query/></iq>"]]).verdict).toBe(Verdict.YES);
});
