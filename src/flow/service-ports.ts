/** Ports that servers listen on: the evidence for who began a conversation whose beginning was not captured. */

/** Registered and customary service ports from 1024 up; below 1024 every port counts as one. */
export const HIGH_SERVICE_PORTS: readonly number[] = [
  1080, 1194, 1344, 1352, 1433, 1434, 1521, 1604, 1645, 1646, 1701, 1720, 1723, 1755, 1812, 1813, 1883, 1900, 1935, 2000, 2049, 2055, 2082,
  2083, 2123, 2152, 2181, 2375, 2376, 2379, 2404, 2483, 2484, 2947, 3000, 3050, 3128, 3260, 3268, 3269, 3306, 3310, 3389, 3478, 3479, 3544,
  3632, 3690, 3702, 3784, 3868, 4000, 4172, 4242, 4369, 4500, 4569, 4662, 4712, 4739, 4786, 4789, 4840, 5000, 5001, 5004, 5050, 5060, 5061,
  5094, 5190, 5201, 5222, 5223, 5228, 5246, 5247, 5269, 5351, 5353, 5355, 5357, 5432, 5555, 5556, 5601, 5631, 5632, 5671, 5672, 5683, 5684,
  5800, 5900, 5901, 5938, 5984, 5985, 5986, 6000, 6080, 6081, 6160, 6343, 6379, 6443, 6514, 6566, 6600, 6653, 6665, 6666, 6667, 6668, 6669,
  6697, 6881, 7000, 7001, 7070, 7077, 7687, 7777, 8000, 8008, 8009, 8080, 8081, 8086, 8088, 8090, 8123, 8125, 8140, 8200, 8222, 8291, 8333,
  8388, 8443, 8500, 8530, 8554, 8728, 8765, 8834, 8883, 8888, 9000, 9001, 9042, 9043, 9090, 9091, 9092, 9100, 9160, 9200, 9300, 9389, 9418,
  9443, 9600, 9876, 9900, 9981, 9993, 9999, 10000, 10050, 10051, 10250, 11211, 11434, 13720, 15672, 16379, 17500, 18245, 19132, 20000,
  20547, 22222, 25565, 25672, 26000, 27015, 27017, 27018, 27019, 27960, 28015, 30303, 32400, 34962, 34963, 34964, 44818, 47808, 50000,
  51820, 55553,
];

export const WELL_KNOWN_END = 1024;
/** Clients draw their ports from here up: Linux from 32768, others from 49152 (RFC 6335). */
const EPHEMERAL_BEGIN = 32_768;

const IS_SERVICE = new Uint8Array(65_536);
IS_SERVICE.fill(1, 1, WELL_KNOWN_END);
for (const port of HIGH_SERVICE_PORTS) IS_SERVICE[port] = 1;

/**
 * Which of two ports is the server's: 0 the first, 1 the second, -1 no evidence. One service port against none
 * decides; so does a well-known port (below 1024) against a higher one. Two high ports decide nothing.
 */
export function serverPort(first: number, second: number): number {
  const firstServes = IS_SERVICE[first];
  if (firstServes !== IS_SERVICE[second]) return firstServes === 1 ? 0 : 1;
  if (first < WELL_KNOWN_END !== second < WELL_KNOWN_END) return first < second ? 0 : 1;
  return -1;
}

/**
 * Weaker than `serverPort`: a port below those that clients draw against one among them. For TCP in the middle of a
 * connection, whose first packet says nothing; where the first packet is the request, it is the better evidence.
 */
export function lastingPort(first: number, second: number): number {
  if (first < EPHEMERAL_BEGIN === second < EPHEMERAL_BEGIN) return -1;
  return first < second ? 0 : 1;
}
