/** Capture files as downloads. */
import type { FastifyReply } from 'fastify';

export const PCAPNG = 'application/x-pcapng';

/** `name` consists of letters, digits, hyphens and underscores. */
export function sendCapture(reply: FastifyReply, name: string, file: Uint8Array): FastifyReply {
  return reply
    .header('content-type', PCAPNG)
    .header('content-disposition', `attachment; filename="${name}.pcapng"`)
    .send(Buffer.from(file.buffer, file.byteOffset, file.byteLength));
}
