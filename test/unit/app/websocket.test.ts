import { expect, test } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { websocket } from '../../../src/app/websocket.ts';
import { drivenWell } from '../../support/app/contract.ts';
import { dialogues, joined, maskedFrame, plainFrame } from '../../support/app/dialogues.ts';
import { driveStream } from '../../support/app/drive.ts';

test('frames of both sides, the close code', () => {
  const { facts } = drivenWell(websocket, dialogues.websocket);
  expect(facts.details.get('websocket')).toEqual({ client_frames: 2, server_frames: 1, text: true, client_close: 1000 });
});

test('a frame whose mask makes it unreadable, or that is not masked, is none', () => {
  const frame = maskedFrame(1, 'hello, hello, hello');
  frame[3] ^= 0x80;
  expect(driveStream(websocket, [[0, frame]]).verdict).toBe(Verdict.NO);
  expect(driveStream(websocket, [[0, plainFrame(1, 'hello, hello, hello')]]).verdict).toBe(Verdict.NO);
  expect(driveStream(websocket, [[1, plainFrame(1, 'hello, hello, hello')]]).verdict).not.toBe(Verdict.YES);
});

test('several short frames together', () => {
  expect(driveStream(websocket, [[0, joined(maskedFrame(1, 'hello'), maskedFrame(9, ''), maskedFrame(1, 'goodbye'))]]).verdict).toBe(
    Verdict.YES,
  );
});
