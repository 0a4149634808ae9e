/**
 * Sends datagrams of a fixed size at a steady pace, and prints how many left: udp-send.ts ADDRESS PORT COUNT PER_SECOND [BYTES] [SOURCE_PORTS]
 * With SOURCE_PORTS n, they leave from n sockets in turn, so that there are n flows.
 */
import { createSocket, type Socket } from 'node:dgram';

const [address, port, count, perSecond, bytes = '64', sources = '1'] = process.argv.slice(2);
const payload = Buffer.alloc(Number(bytes), 0x57);

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', reject);
    // Connected, so that the source is fixed and no datagram needs a lookup.
    socket.connect(Number(port), address, () => resolve(socket));
  });
}

function send(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => socket.send(payload, (error) => (error === null ? resolve() : reject(error))));
}

const sockets: Socket[] = [];
for (let index = 0; index < Number(sources); index++) sockets.push(await open());
const start = performance.now();
let sent = 0;
while (sent < Number(count)) {
  const due = Math.min(Number(count), Math.floor(((performance.now() - start) / 1000) * Number(perSecond)) + 1);
  while (sent < due) await send(sockets[sent++ % sockets.length]);
  await new Promise((resolve) => setTimeout(resolve, 2));
}
for (const socket of sockets) socket.close();
console.log(sent);
