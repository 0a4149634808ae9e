/** Asks a name server for A and AAAA of a name, some times over: dns-query.ts SERVER NAME TIMES */
import { Resolver } from 'node:dns/promises';

const [server, name, times] = process.argv.slice(2);
const resolver = new Resolver({ timeout: 2000, tries: 2 });
resolver.setServers([server.includes(':') ? `[${server}]:53` : `${server}:53`]);
for (let round = 0; round < Number(times); round++) {
  await resolver.resolve4(name);
  await resolver.resolve6(name);
}
