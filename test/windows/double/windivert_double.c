/*
 * Stands in for WinDivert.dll where its driver cannot run. What the driver would do comes from a script, a file of lines
 * `word value`, named by the environment variable DIVERT_SCRIPT:
 *
 *   pcap PATH           packets in: classic pcap, Ethernet or raw IP; what is no IP is left out
 *   out PATH            packets put back: classic pcap, raw IP
 *   stats PATH          counts as JSON, when the handle is closed
 *   lock PATH           a file that is there as long as the handle is open, however it ends
 *   real PATH           the real WinDivert.dll, which then compiles filters and applies them
 *   host ADDRESS        packets from this IPv4 address are outbound, all others inbound
 *   loopback 1          all packets are marked as loopback
 *   offload 1           outbound TCP comes without checksums, as from a host whose card computes them: the field holds the
 *                       sum of the pseudo header, the flag is not set, and what goes back without it gets its checksum here
 *   repeat N            the packets N times
 *   pps N               so many each second; 0 = as fast as they are taken
 *   times file          their time stamps are as far apart as in the file
 *   batch N             at most N packets in a call
 *   end 1               after the last packet the handle is shut down; else it is silent
 *   garbage N           a packet of garbage after every N
 *   drop-when-full 1    packets that the queue has no room for are lost, as in the driver
 *   version N           major version of the driver
 *   open-error CODE     WinDivertOpen fails
 *   receive-error CODE  WinDivertRecvEx fails once, after a third of the packets; 122: for good after 3 packets
 *   send-error CODE     every 10th packet is refused when it is put back
 *   send-stop 1         every 50th packet ends the call it is in, as a malformed one does
 */
#include <winsock2.h>

#include <windows.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __declspec(dllexport)
#define MAX_PACKET 65575
#define HANDLE_VALUE ((HANDLE)(uintptr_t)0x5744)
#define QUEUE_ENDED 232

typedef struct {
  int64_t timestamp;
  uint8_t layer, event, flags, reserved0;
  uint32_t reserved1, interface_index, sub_interface_index;
  uint8_t reserved2[56];
} Address;

typedef struct {
  uint8_t *bytes;
  uint32_t size;
  int64_t time_us;
} Packet;

typedef BOOL (*Compile)(const char *, int, char *, UINT, const char **, UINT *);
typedef BOOL (*Evaluate)(const char *, const void *, UINT, const Address *);

static struct {
  char pcap[1024], out[1024], stats[1024], lock[1024], real[1024], host[64];
  uint64_t repeat, pps, batch, garbage;
  int loopback, offload, end, file_times, drop_when_full, version, open_error, receive_error, send_error, send_stop;
} script;

static CRITICAL_SECTION mutex;
static CONDITION_VARIABLE changed;
static Packet *packets;
static uint32_t packet_count;
static uint32_t host_address;
static char filter[4096];
static Evaluate evaluate;
static HANDLE lock_file = INVALID_HANDLE_VALUE;
static FILE *out_file;
static int is_open, is_shut, receive_failed;
static uint64_t open_flags;
static uint64_t parameters[5];
static int64_t start_ticks, frequency;
/* Position in the endless list of packets; what was taken, lost, and put back. */
static uint64_t position, delivered, delivered_bytes, queue_lost, filtered, garbage_made;
static uint64_t sent, sent_bytes, refused, unknown, receive_calls, send_calls, closes;
static uint64_t last_window, limit;
/* When packets were handed out, to tell how long they were away: as many as can be under way. */
#define AWAY 65536
static struct {
  uint32_t hash;
  int64_t ticks;
} away[AWAY];
static uint64_t away_first, away_last;
static uint32_t *latencies;
static uint64_t latency_count;
#define LATENCIES 4000000

static int64_t ticks_now(void) {
  LARGE_INTEGER now;
  QueryPerformanceCounter(&now);
  return now.QuadPart;
}

/* Of the length, the head and the tail: of all of a large packet it would cost more than everything else. */
static uint32_t hash_of(const uint8_t *bytes, uint32_t size) {
  uint32_t hash = 2166136261u ^ size;
  uint32_t i;
  for (i = 0; i < size; ++i) {
    if (i == 96 && size > 192) i = size - 96;
    hash = (hash ^ bytes[i]) * 16777619u;
  }
  return hash;
}

static void read_line(char *line) {
  char word[64], value[1024] = "";
  const uint64_t number = sscanf(line, "%63s %1023[^\r\n]", word, value) == 2 ? strtoull(value, NULL, 10) : 0;
  if (!strcmp(word, "pcap")) strcpy(script.pcap, value);
  else if (!strcmp(word, "out")) strcpy(script.out, value);
  else if (!strcmp(word, "stats")) strcpy(script.stats, value);
  else if (!strcmp(word, "lock")) strcpy(script.lock, value);
  else if (!strcmp(word, "real")) strcpy(script.real, value);
  else if (!strcmp(word, "host")) snprintf(script.host, sizeof script.host, "%.63s", value);
  else if (!strcmp(word, "repeat")) script.repeat = number;
  else if (!strcmp(word, "pps")) script.pps = number;
  else if (!strcmp(word, "batch")) script.batch = number;
  else if (!strcmp(word, "garbage")) script.garbage = number;
  else if (!strcmp(word, "times")) script.file_times = !strcmp(value, "file");
  else if (!strcmp(word, "loopback")) script.loopback = (int)number;
  else if (!strcmp(word, "offload")) script.offload = (int)number;
  else if (!strcmp(word, "end")) script.end = (int)number;
  else if (!strcmp(word, "drop-when-full")) script.drop_when_full = (int)number;
  else if (!strcmp(word, "version")) script.version = (int)number;
  else if (!strcmp(word, "open-error")) script.open_error = (int)number;
  else if (!strcmp(word, "receive-error")) script.receive_error = (int)number;
  else if (!strcmp(word, "send-error")) script.send_error = (int)number;
  else if (!strcmp(word, "send-stop")) script.send_stop = (int)number;
}

static void read_script(void) {
  char path[1024], line[2048];
  FILE *file;
  memset(&script, 0, sizeof script);
  script.repeat = 1;
  script.batch = 255;
  script.version = 2;
  /* Not getenv: variables that node sets in this process would not be seen. */
  if (!GetEnvironmentVariableA("DIVERT_SCRIPT", path, sizeof path)) return;
  file = fopen(path, "r");
  if (!file) return;
  while (fgets(line, sizeof line, file)) read_line(line);
  fclose(file);
}

/* The IP packet in a frame, or nothing. */
static const uint8_t *network_of(const uint8_t *frame, uint32_t size, uint32_t link, uint32_t *left) {
  uint32_t at = 0;
  uint16_t type;
  *left = size;
  if (link == 101) return frame;
  if (size < 14) return NULL;
  for (at = 12; at + 2 <= size; at += 4) {
    type = (uint16_t)(frame[at] << 8 | frame[at + 1]);
    if (type == 0x8100 || type == 0x88a8) continue;
    if (type != 0x0800 && type != 0x86dd) return NULL;
    at += 2;
    *left = size - at;
    return frame + at;
  }
  return NULL;
}

/* Without the padding of the link: as the driver has it. 0: no packet that the driver would know. */
static uint32_t length_of(const uint8_t *bytes, uint32_t left) {
  uint32_t length = 0;
  if (left >= 20 && bytes[0] >> 4 == 4) length = (uint32_t)bytes[2] << 8 | bytes[3];
  if (left >= 40 && bytes[0] >> 4 == 6) length = 40u + ((uint32_t)bytes[4] << 8 | bytes[5]);
  return length <= left ? length : 0;
}

/* Where the TCP segment of a packet begins that is no fragment and has no extension headers; 0: it has none. */
static uint32_t tcp_at(const uint8_t *bytes, uint32_t size) {
  uint32_t at = 0;
  if (size >= 20 && bytes[0] >> 4 == 4 && bytes[9] == 6 && !(bytes[6] & 0x3f) && !bytes[7]) at = 4u * (bytes[0] & 15);
  if (size >= 40 && bytes[0] >> 4 == 6 && bytes[6] == 6) at = 40;
  return size >= at + 20 ? at : 0;
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, uint32_t size) {
  uint32_t i;
  for (i = 0; i < size; ++i) sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
  return sum;
}

static uint16_t folded(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

/* Addresses, protocol and length, as they are summed with a segment. */
static uint16_t pseudo_sum(const uint8_t *bytes, uint32_t size, uint32_t at) {
  const uint32_t sum = bytes[0] >> 4 == 4 ? add_words(0, bytes + 12, 8) : add_words(0, bytes + 8, 32);
  return folded(sum + 6 + size - at);
}

static void put_word(uint8_t *at, uint16_t word) {
  at[0] = (uint8_t)(word >> 8);
  at[1] = (uint8_t)word;
}

static int read_pcap(void) {
  uint8_t head[24];
  uint32_t record[4], left, link, room = 0;
  static uint8_t frame[262144];
  FILE *file = fopen(script.pcap, "rb");
  if (!file || fread(head, 1, 24, file) != 24) return 0;
  memcpy(&link, head + 20, 4);
  while (fread(record, 4, 4, file) == 4 && record[2] <= sizeof frame && fread(frame, 1, record[2], file) == record[2]) {
    const uint8_t *network = network_of(frame, record[2], link, &left);
    const uint32_t length = network ? length_of(network, left) : 0;
    if (!length) continue;
    if (packet_count == room) packets = realloc(packets, (room = room ? room * 2 : 1024) * sizeof *packets);
    packets[packet_count].bytes = malloc(length);
    memcpy(packets[packet_count].bytes, network, length);
    packets[packet_count].size = length;
    packets[packet_count++].time_us = (int64_t)record[0] * 1000000 + record[1];
  }
  fclose(file);
  return 1;
}

static void open_out(void) {
  static const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 101};
  out_file = fopen(script.out, "wb");
  if (out_file) fwrite(head, 4, 6, out_file);
}

static int load_real(void) {
  const HMODULE real = LoadLibraryExA(script.real, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  if (real) evaluate = (Evaluate)(void *)GetProcAddress(real, "WinDivertHelperEvalFilter");
  return evaluate != NULL;
}

EXPORT BOOL WinDivertHelperCompileFilter(const char *text, int layer, char *object, UINT size, const char **error, UINT *at) {
  read_script();
  if (script.real[0]) {
    const HMODULE real = LoadLibraryExA(script.real, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    const Compile compile = real ? (Compile)(void *)GetProcAddress(real, "WinDivertHelperCompileFilter") : NULL;
    if (compile) return compile(text, layer, object, size, error, at);
  }
  /* Alone it reads no filters: "false" takes nothing, all others everything. */
  return TRUE;
}

EXPORT HANDLE WinDivertOpen(const char *text, int layer, INT16 priority, UINT64 flags) {
  LARGE_INTEGER ticks;
  (void)layer;
  (void)priority;
  read_script();
  if (script.open_error) {
    SetLastError((DWORD)script.open_error);
    return INVALID_HANDLE_VALUE;
  }
  packet_count = 0;
  if (script.pcap[0] && !read_pcap()) {
    SetLastError(ERROR_FILE_NOT_FOUND);
    return INVALID_HANDLE_VALUE;
  }
  evaluate = NULL;
  if (script.real[0] && !load_real()) {
    SetLastError(ERROR_MOD_NOT_FOUND);
    return INVALID_HANDLE_VALUE;
  }
  if (script.out[0]) open_out();
  if (script.lock[0]) {
    lock_file = CreateFileA(script.lock, GENERIC_WRITE, FILE_SHARE_DELETE, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
  }
  if (!latencies) latencies = malloc(LATENCIES * sizeof *latencies);
  host_address = script.host[0] ? inet_addr(script.host) : 0;
  snprintf(filter, sizeof filter, "%s", text);
  QueryPerformanceFrequency(&ticks);
  frequency = ticks.QuadPart;
  start_ticks = ticks_now();
  position = delivered = delivered_bytes = queue_lost = filtered = garbage_made = last_window = 0;
  sent = sent_bytes = refused = unknown = receive_calls = send_calls = latency_count = away_first = away_last = 0;
  closes = 0;
  is_open = 1;
  is_shut = receive_failed = 0;
  limit = UINT64_MAX;
  open_flags = flags;
  parameters[0] = 4096;
  parameters[1] = 2000;
  parameters[2] = 4194304;
  return HANDLE_VALUE;
}

/* Packets that have arrived by now, of all that ever will. */
static uint64_t arrived(void) {
  uint64_t all = script.repeat * packet_count, due;
  if (all > limit) all = limit;
  if (!strcmp(filter, "false")) return position;
  if (!script.pps) return all;
  due = (uint64_t)((double)(ticks_now() - start_ticks) * (double)script.pps / (double)frequency);
  return due < all ? due : all;
}

/* What waits longer than the queue is, is lost: the newest. */
static void lose_overflow(uint64_t now) {
  if (!script.drop_when_full || now <= last_window) return;
  if (now - position > parameters[0]) {
    /* The oldest stay in the driver; here the position jumps, which counts the same. */
    queue_lost += now - position - parameters[0];
    position = now - parameters[0];
  }
  last_window = now;
}

static int64_t time_of(uint64_t at) {
  const Packet *packet = &packets[at % packet_count];
  if (!script.file_times) return ticks_now();
  /* A second ahead: the sensor begins after the handle was opened. */
  return start_ticks + frequency + (packet->time_us - packets[0].time_us) * frequency / 1000000;
}

static void describe(const uint8_t *bytes, uint32_t size, uint64_t at, Address *address) {
  uint32_t source = 0;
  memset(address, 0, sizeof *address);
  address->timestamp = time_of(at);
  address->interface_index = 4;
  if (size >= 16) memcpy(&source, bytes + 12, 4);
  if (open_flags & 1) address->flags |= 0x01;
  if (host_address && size >= 20 && bytes[0] >> 4 == 4 && source == host_address) address->flags |= 0x02;
  if (script.loopback) address->flags |= 0x06;
  if (size && bytes[0] >> 4 == 6) address->flags |= 0x10;
  /* Its checksums are in the packet. */
  address->flags |= 0xe0;
  if (script.offload && (address->flags & 0x02) && tcp_at(bytes, size)) address->flags &= (uint8_t)~0x40;
}

static void hand_out(uint8_t *into, UINT *used, const uint8_t *bytes, uint32_t size, Address *address, uint64_t at) {
  memcpy(into + *used, bytes, size);
  describe(bytes, size, at, address);
  if (!(address->flags & 0x40)) {
    const uint32_t segment = tcp_at(bytes, size);
    put_word(into + *used + segment + 16, pseudo_sum(bytes, size, segment));
  }
  away[away_last % AWAY].hash = hash_of(into + *used, size);
  *used += size;
  away[away_last++ % AWAY].ticks = ticks_now();
  ++delivered;
  delivered_bytes += size;
}

/* One packet of garbage, alone in its call: where it ends nobody could tell. */
static uint32_t make_garbage(uint8_t *bytes) {
  const uint32_t size = 1 + (uint32_t)(garbage_made * 7 % 90);
  uint32_t i, seed = (uint32_t)garbage_made * 2654435761u;
  for (i = 0; i < size; ++i) bytes[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
  /* Every other one pretends to be IP. */
  if (garbage_made % 2 == 0) bytes[0] = garbage_made % 4 ? 0x45 : 0x60;
  ++garbage_made;
  return size;
}

/* Under the mutex. The packets that fit; 0 with nothing, -1 with the first one cut. */
static int fill(uint8_t *into, UINT size, UINT *used, Address *addresses, UINT room) {
  static uint64_t garbage_at;
  const uint64_t now = arrived();
  UINT count = 0;
  if (room > script.batch) room = (UINT)script.batch;
  if (!delivered) garbage_at = 0;
  lose_overflow(now);
  if (script.garbage && delivered - garbage_made >= (garbage_at + 1) * script.garbage) {
    uint8_t garbage[128];
    const uint32_t length = make_garbage(garbage);
    ++garbage_at;
    hand_out(into, used, garbage, length, addresses, position ? position - 1 : 0);
    return 1;
  }
  while (count < room && position < now) {
    const Packet *packet = &packets[position % packet_count];
    if (evaluate) {
      describe(packet->bytes, packet->size, position, &addresses[count]);
      if (!evaluate(filter, packet->bytes, packet->size, &addresses[count])) {
        ++filtered;
        ++position;
        continue;
      }
    }
    if (*used + packet->size > size) return count ? (int)count : -1;
    hand_out(into, used, packet->bytes, packet->size, &addresses[count++], position++);
    if (script.garbage && delivered - garbage_made >= (garbage_at + 1) * script.garbage) break;
  }
  return (int)count;
}

static BOOL fail(DWORD error) {
  SetLastError(error);
  return FALSE;
}

EXPORT BOOL WinDivertRecvEx(HANDLE handle, void *into, UINT size, UINT *received, UINT64 flags, Address *addresses, UINT *address_bytes,
                            OVERLAPPED *overlapped) {
  const uint64_t all = script.repeat * packet_count;
  UINT used = 0;
  int count = 0;
  if (handle != HANDLE_VALUE || flags) return fail(ERROR_INVALID_PARAMETER);
  if (overlapped) return fail(ERROR_NOT_SUPPORTED);
  EnterCriticalSection(&mutex);
  ++receive_calls;
  if (script.receive_error && position * 3 >= all && !receive_failed) {
    receive_failed = 1;
    LeaveCriticalSection(&mutex);
    return fail((DWORD)script.receive_error);
  }
  for (;;) {
    count = is_open ? fill(into, size, &used, addresses, *address_bytes / sizeof *addresses) : 0;
    if (count || !is_open) break;
    if ((is_shut && position >= limit) || (script.end && position >= all)) break;
    SleepConditionVariableCS(&changed, &mutex, 1);
  }
  LeaveCriticalSection(&mutex);
  if (!is_open) return fail(ERROR_OPERATION_ABORTED);
  if (count == 0) return fail(QUEUE_ENDED);
  *address_bytes = (UINT)((count < 0 ? 1 : count) * (int)sizeof *addresses);
  if (received) *received = used;
  return count < 0 ? fail(ERROR_INSUFFICIENT_BUFFER) : TRUE;
}

/* What goes out: with the checksum that the driver computes where the address says that there is none. */
static void write_out(const uint8_t *bytes, uint32_t size, const Address *address) {
  const uint32_t record[4] = {0, 0, size, size};
  const uint32_t segment = address->flags & 0x40 ? 0 : tcp_at(bytes, size);
  static uint8_t packet[MAX_PACKET];
  memcpy(packet, bytes, size);
  if (segment) {
    put_word(packet + segment + 16, 0);
    put_word(packet + segment + 16, (uint16_t)~folded(pseudo_sum(packet, size, segment) + add_words(0, packet + segment, size - segment)));
  }
  fwrite(record, 4, 4, out_file);
  fwrite(packet, 1, size, out_file);
}

static void note_return(const uint8_t *bytes, uint32_t size, const Address *address) {
  const uint32_t hash = hash_of(bytes, size);
  uint64_t at;
  /* Those before it that did not come back were denied. */
  for (at = away_first; at < away_last; ++at) {
    if (away[at % AWAY].hash != hash) continue;
    if (latency_count < LATENCIES) latencies[latency_count++] = (uint32_t)((ticks_now() - away[at % AWAY].ticks) * 1000000000 / frequency);
    away_first = at + 1;
    break;
  }
  if (at == away_last) ++unknown;
  ++sent;
  sent_bytes += size;
  if (out_file) write_out(bytes, size, address);
}

EXPORT BOOL WinDivertSendEx(HANDLE handle, const void *from, UINT size, UINT *sent_now, UINT64 flags, const Address *addresses,
                            UINT address_bytes, OVERLAPPED *overlapped) {
  const uint8_t *bytes = from;
  const UINT count = address_bytes / sizeof *addresses;
  UINT at = 0, i;
  DWORD error = 0;
  static uint64_t tries;
  if (handle != HANDLE_VALUE || flags || overlapped || (open_flags & 4)) return fail(ERROR_INVALID_PARAMETER);
  EnterCriticalSection(&mutex);
  ++send_calls;
  for (i = 0; i < count; ++i) {
    const uint32_t said = length_of(bytes + at, size - at);
    const uint32_t length = i + 1 < count && said ? said : size - at;
    ++tries;
    if (script.send_stop && tries % 50 == 0) {
      error = ERROR_INVALID_PARAMETER;
      break;
    }
    if (script.send_error && tries % 10 == 0) {
      ++refused;
      error = (DWORD)script.send_error;
      if (error != 1232) break;
    } else {
      note_return(bytes + at, length, &addresses[i]);
    }
    at += length;
  }
  LeaveCriticalSection(&mutex);
  if (sent_now) *sent_now = at;
  return error ? fail(error) : TRUE;
}

EXPORT BOOL WinDivertShutdown(HANDLE handle, int how) {
  (void)how;
  if (handle != HANDLE_VALUE) return fail(ERROR_INVALID_PARAMETER);
  EnterCriticalSection(&mutex);
  is_shut = 1;
  /* What waits in the queue is still delivered; what comes now passes by. */
  limit = arrived();
  if (limit > position + parameters[0]) limit = position + parameters[0];
  LeaveCriticalSection(&mutex);
  WakeAllConditionVariable(&changed);
  return TRUE;
}

static int compare(const void *a, const void *b) {
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void write_stats(void) {
  FILE *file = script.stats[0] ? fopen(script.stats, "w") : NULL;
  double centile[3] = {0, 0, 0};
  if (!file) return;
  qsort(latencies, latency_count, sizeof *latencies, compare);
  if (latency_count) {
    centile[0] = latencies[latency_count / 2];
    centile[1] = latencies[latency_count - 1 - latency_count / 100];
    centile[2] = latencies[latency_count - 1 - latency_count / 1000];
  }
  fprintf(file,
          "{\"flags\":%llu,\"queueLength\":%llu,\"queueTimeMs\":%llu,\"queueBytes\":%llu,\"delivered\":%llu,\"deliveredBytes\":%llu,"
          "\"garbage\":%llu,\"queueLost\":%llu,\"filtered\":%llu,\"sent\":%llu,\"sentBytes\":%llu,\"refused\":%llu,\"unknown\":%llu,"
          "\"receiveCalls\":%llu,\"sendCalls\":%llu,\"closes\":%llu,\"p50Ns\":%.0f,\"p99Ns\":%.0f,\"p999Ns\":%.0f,\"seconds\":%.6f}\n",
          open_flags, parameters[0], parameters[1], parameters[2], delivered, delivered_bytes, garbage_made, queue_lost, filtered, sent,
          sent_bytes, refused, unknown, receive_calls, send_calls, closes, centile[0], centile[1], centile[2],
          (double)(ticks_now() - start_ticks) / (double)frequency);
  fclose(file);
}

EXPORT BOOL WinDivertClose(HANDLE handle) {
  uint32_t i;
  if (handle != HANDLE_VALUE || !is_open) return fail(ERROR_INVALID_HANDLE);
  EnterCriticalSection(&mutex);
  is_open = 0;
  ++closes;
  if (out_file) fclose(out_file);
  out_file = NULL;
  if (lock_file != INVALID_HANDLE_VALUE) CloseHandle(lock_file);
  lock_file = INVALID_HANDLE_VALUE;
  write_stats();
  for (i = 0; i < packet_count; ++i) free(packets[i].bytes);
  packet_count = 0;
  LeaveCriticalSection(&mutex);
  WakeAllConditionVariable(&changed);
  return TRUE;
}

EXPORT BOOL WinDivertSetParam(HANDLE handle, int parameter, UINT64 value) {
  static const uint64_t least[3] = {32, 100, 65535}, most[3] = {16384, 16000, 33554432};
  if (handle != HANDLE_VALUE || parameter < 0 || parameter > 2) return fail(ERROR_INVALID_PARAMETER);
  if (value < least[parameter] || value > most[parameter]) return fail(ERROR_INVALID_PARAMETER);
  parameters[parameter] = value;
  return TRUE;
}

EXPORT BOOL WinDivertGetParam(HANDLE handle, int parameter, UINT64 *value) {
  if (handle != HANDLE_VALUE || parameter < 0 || parameter > 4) return fail(ERROR_INVALID_PARAMETER);
  *value = parameter == 3 ? (uint64_t)script.version : parameter == 4 ? 2 : parameters[parameter];
  return TRUE;
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved) {
  (void)module;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) {
    InitializeCriticalSection(&mutex);
    InitializeConditionVariable(&changed);
  }
  return TRUE;
}
