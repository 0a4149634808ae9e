/**
 * Which stack opens a TCP connection how. One line per signature:
 *
 *   [label, confidence, 'ip : initial TTL : mss : window , scale : option order : quirks', where it is known from]
 *
 *   ip       4, 6 or *
 *   mss      a number, `a-b`, or *
 *   window   a number, `mss*n`, `mtu*n` (see `windowMultiple`), `max` = the largest multiple of the MSS below 64 KiB,
 *            `half` = below 32 KiB, or *
 *   scale    a number, `a-b`, or - for no such option; * for any
 *   quirks   `+x` must be there, `-x` must not; `df` and `id+`, `id-` only mean something over IPv4, and are not asked of IPv6
 *
 * Everything else (the other quirks, IP options, a payload) only lowers the confidence. The first of equals wins. The layouts are facts
 * about the systems, put down from their documentation and sources and from what the standard installations send.
 */
export type OsSignatureLine = readonly [label: string, confidence: number, pattern: string, source: string];

const LINUX = 'mss,sok,ts,nop,ws';
const LINUX_NO_TIMESTAMP = 'mss,nop,nop,sok,nop,ws';
const WINDOWS = 'mss,nop,ws,nop,nop,sok';
const WINDOWS_OLD = 'mss,nop,nop,sok';
const WINDOWS_TIMESTAMP = 'mss,nop,ws,sok,ts';
const DARWIN = 'mss,nop,ws,nop,nop,ts,sok,eol+1';
const FREEBSD = 'mss,nop,ws,sok,ts';

export const SYN_SIGNATURES: readonly OsSignatureLine[] = [
  // Linux: option order of tcp_syn_options(), initial window of tcp_select_initial_window().
  ['Linux 4.20 or newer', 0.85, `*:64:*:max,7:${LINUX}:+df+id+`, 'initial receive window of 64 KiB since 4.20; scale 7 from 6 MB tcp_rmem'],
  ['Linux 4.20 or newer', 0.8, `*:64:*:max,8-11:${LINUX}:+df+id+`, 'as above with larger tcp_rmem'],
  ['Linux 4.20 or newer', 0.7, `*:64:*:max,1-6:${LINUX}:+df+id+`, 'as above on machines with little memory'],
  ['Linux 4.20 or newer', 0.6, `*:64:*:half,7:${LINUX}:+df+id+`, 'as above where the buffer allows 32 KiB'],
  ['Linux 5.x or newer (loopback)', 0.8, `4:64:65495:33280,7:${LINUX}:+df+id+`, 'MTU 65536 of lo'],
  ['Linux 3.11 to 4.19', 0.85, `*:64:*:mss*20,7:${LINUX}:+df+id+`, '10 segments doubled, 29200 on Ethernet'],
  ['Linux 3.11 to 4.19', 0.75, `*:64:*:mss*20,1-10:${LINUX}:+df+id+`, 'as above with another tcp_rmem'],
  ['Linux 3.x to 4.x', 0.7, `*:64:8900-9000:mss*3,1-10:${LINUX}:+df+id+`, 'jumbo frames: 10 Ethernet segments rounded to own MSS'],
  ['Linux 3.x to 4.x (loopback)', 0.8, `*:64:65475-65496:43690,1-10:${LINUX}:+df+id+`, 'two thirds of 65535 on lo'],
  ['Linux 2.6.39 to 3.10', 0.85, `*:64:*:mss*10,4-7:${LINUX}:+df+id+`, 'initcwnd 10 of 2.6.39, 14600 on Ethernet'],
  ['Linux 2.6.39 to 3.10', 0.7, `*:64:*:mss*10,0-10:${LINUX}:+df+id+`, 'as above with another tcp_rmem'],
  ['Linux 2.6', 0.8, `*:64:*:mss*4,5-9:${LINUX}:+df+id+`, '5840 on Ethernet, scale from 4 MB tcp_rmem'],
  ['Linux 2.4 or 2.6', 0.7, `*:64:*:mss*4,0-4:${LINUX}:+df`, '5840 on Ethernet, small buffers'],
  ['Linux 2.4 or 2.6 (loopback)', 0.7, `*:64:16396:*,0-9:${LINUX}:+df`, 'MTU 16436 of lo before 3.6'],
  ['Linux 2.2', 0.6, `4:64:*:mss*22,0:${LINUX}:+df+id+`, '32120 on Ethernet'],
  ['Linux (Android)', 0.75, `*:64:*:65535,6-9:${LINUX}:+df+id+`, 'tcp_rmem of the Android init scripts'],
  ['Linux (Android)', 0.5, `*:64:*:65535,1-14:${LINUX}:+df+id+`, 'as above, other vendors'],
  ['Linux (no timestamps)', 0.6, `*:64:*:max,1-11:${LINUX_NO_TIMESTAMP}:+df+id+`, 'net.ipv4.tcp_timestamps=0'],
  ['Linux (no timestamps)', 0.6, `*:64:*:mss*20,1-11:${LINUX_NO_TIMESTAMP}:+df+id+`, 'net.ipv4.tcp_timestamps=0'],
  ['Linux (no timestamps)', 0.5, `*:64:*:*,*:${LINUX_NO_TIMESTAMP}:+df`, 'net.ipv4.tcp_timestamps=0'],
  ['Linux', 0.4, `*:64:*:*,*:${LINUX}:`, 'the order of options alone'],
  ['Linux (Fast Open)', 0.5, '*:64:*:*,*:mss,sok,ts,nop,ws,?34,nop,nop:+df', 'RFC 7413 cookie behind the usual options'],
  ['Linux (Fast Open)', 0.5, '*:64:*:*,*:mss,sok,ts,nop,ws,?254:+df', 'experimental cookie of RFC 6994, before 4.1'],
  ['Linux (MPTCP)', 0.5, '*:64:*:*,*:mss,sok,ts,nop,ws,?30:+df', 'RFC 8684 MP_CAPABLE behind the usual options'],
  ['Linux (bare options)', 0.3, '4:64:*:max,-:mss:+df+id+', 'SACK, scale and timestamps off; also user-space tools'],
  ['Linux (bare options)', 0.25, '4:64:*:1024,-:mss:+df+id+', 'as above, window of a small buffer'],
  ['Linux (bare options)', 0.25, '4:64:*:512,-:mss:', 'as above'],
  // Windows: "Description of Windows TCP features", MSDN; TTL 128, no timestamps by default.
  ['Windows 10 or 11', 0.85, `*:128:*:max,8:${WINDOWS}:+df+id+`, 'auto-tuning since Windows 10 1703, Server 2016 and newer'],
  ['Windows 10 or 11', 0.8, `*:128:*:65535,8:${WINDOWS}:+df+id+`, 'Windows 10 before 1703, Windows 11, Server 2019'],
  ['Windows 10 or 11', 0.6, `*:128:*:*,8:${WINDOWS}:+df`, 'scale 8 with a window of an application'],
  ['Windows 10 or 11 (loopback)', 0.6, `*:128:65475-65495:*,8:${WINDOWS}:`, 'loopback of Windows'],
  ['Windows 7, 8 or Server 2008 R2 to 2012', 0.85, `*:128:*:8192,8:${WINDOWS}:+df+id+`, 'scale 8 since Windows 7'],
  ['Windows Vista, 7 or 8', 0.8, `*:128:*:8192,2:${WINDOWS}:+df+id+`, 'scale 2, Vista and laptops with Windows 7'],
  ['Windows 7 or Server 2008', 0.75, `*:128:*:8192,8:${WINDOWS_TIMESTAMP}:+df+id+`, 'Tcp1323Opts=3'],
  ['Windows 7 or 8 (no scaling)', 0.6, `*:128:*:8192,-:${WINDOWS_OLD}:+df+id+`, 'auto-tuning disabled'],
  ['Windows XP', 0.8, `4:128:*:65535,-:${WINDOWS_OLD}:+df+id+`, 'XP on Ethernet'],
  ['Windows XP', 0.7, `4:128:*:65535,0-3:${WINDOWS}:+df+id+`, 'XP with Tcp1323Opts=1'],
  ['Windows 2000 or XP', 0.75, `4:128:*:16384,-:${WINDOWS_OLD}:+df+id+`, '16 KiB default window'],
  ['Windows XP or Server 2003', 0.7, `4:128:*:max,-:${WINDOWS_OLD}:+df+id+`, '64240 on Ethernet'],
  ['Windows XP or Server 2003', 0.5, '4:128:*:*,*:mss,nop,ws,nop,nop,ts,nop,nop,sok:+df', 'Tcp1323Opts=3'],
  ['Windows 98 or NT 4', 0.5, `4:128:*:8192,-:mss,nop,nop,sok:+df-id-`, 'Windows 98 second edition'],
  ['Windows NT 4 or 95', 0.4, '4:128:*:8192,-:mss:+df', 'no SACK before Windows 98'],
  ['Windows', 0.45, `*:128:*:*,*:${WINDOWS}:`, 'the order of options alone'],
  ['Windows', 0.4, `*:128:*:*,-:${WINDOWS_OLD}:`, 'the order of options alone'],
  // Darwin: xnu tcp_output(); identification 0 with DF since OS X 10.11 or so.
  ['macOS 10.13 or newer, or iOS 11 or newer', 0.85, `*:64:*:65535,6:${DARWIN}:+df`, 'xnu, scale 6'],
  ['macOS or iOS 9 to 12', 0.85, `*:64:*:65535,5:${DARWIN}:+df`, 'xnu, scale 5'],
  ['macOS or iOS 13 or newer', 0.8, `*:64:*:65535,7-8:${DARWIN}:+df`, 'xnu, scale 7'],
  ['macOS 10.9 to 10.10, or iOS 7 or 8', 0.8, `*:64:*:65535,4:${DARWIN}:+df`, 'xnu, scale 4'],
  ['Mac OS X 10.6 to 10.8, or iOS before 7', 0.75, `*:64:*:65535,1-3:${DARWIN}:+df`, 'xnu, scale 1 to 3'],
  ['macOS or iOS', 0.5, `*:64:*:*,*:${DARWIN}:`, 'the order of options alone'],
  ['macOS or iOS (Fast Open)', 0.6, '*:64:*:65535,4-8:mss,nop,ws,nop,nop,ts,sok,?34:+df', 'RFC 7413 cookie instead of the end of list'],
  ['macOS or iOS (Fast Open)', 0.6, '*:64:*:65535,4-8:mss,nop,ws,nop,nop,ts,sok,eol+0:+df', 'xnu'],
  ['Mac OS X 10.3 to 10.5', 0.5, '4:64:*:65535,0-3:mss,nop,ws,nop,nop,ts,sok,eol+0:+df', 'older xnu'],
  ['Mac OS X 10.0 to 10.3', 0.5, '4:64:*:32768-33304,0:mss,nop,ws,nop,nop,ts:+df', 'xnu before SACK'],
  // BSD: the tcp_addoptions() of each.
  ['FreeBSD 9 or newer', 0.8, `*:64:*:65535,6:${FREEBSD}:+df`, 'scale 6 from kern.ipc.maxsockbuf 2 MB'],
  ['FreeBSD 8', 0.75, `*:64:*:65535,3:${FREEBSD}:+df`, 'scale 3 from 256 KB'],
  ['FreeBSD', 0.6, `*:64:*:65535,0-14:${FREEBSD}:+df`, 'another maxsockbuf; also PlayStation and appliances'],
  ['FreeBSD 6 or 7', 0.5, '4:64:*:65535,0-3:mss,nop,ws,nop,nop,ts,nop,nop,sok:+df', 'older order of options'],
  ['FreeBSD 4 to 6', 0.5, '4:64:*:57344-65535,0-1:mss,nop,ws,nop,nop,ts:+df', 'before SACK'],
  ['OpenBSD', 0.85, '*:64:*:16384,0-7:mss,nop,nop,sok,nop,ws,nop,nop,ts:+df', '16 KiB window, order of tcp_output()'],
  ['OpenBSD', 0.7, '*:64:*:*,*:mss,nop,nop,sok,nop,ws,nop,nop,ts:', 'the order of options alone'],
  ['NetBSD', 0.8, '*:64:*:32768,0-7:mss,nop,ws,sok,nop,nop,nop,nop,ts:', '32 KiB window, padded timestamps'],
  ['NetBSD', 0.7, '*:64:*:*,*:mss,nop,ws,sok,nop,nop,nop,nop,ts:', 'the order of options alone'],
  ['NetBSD 1.3 to 2', 0.4, '4:64:*:16384-32768,0:mss,nop,ws,nop,nop,ts:-df', 'before SACK'],
  ['DragonFly BSD', 0.6, '4:64:*:57344,5:mss,nop,ws,sok,ts:+df', '57344 window'],
  // Other Unix.
  ['Solaris 11 or illumos', 0.8, '*:64:*:*,5:sok,ts,mss,nop,ws:', 'order of tcp_xmit_mp() since Solaris 10 updates'],
  ['Solaris 11 or illumos', 0.65, '*:64:*:*,*:sok,ts,mss,nop,ws:', 'as above, other buffers'],
  ['Solaris 10', 0.7, '4:64:*:mss*34,0:mss,nop,ws,nop,nop,sok:+df+id+', '49640 on Ethernet'],
  ['Solaris 8 or 9', 0.7, '4:64:*:*,0-1:nop,ws,nop,nop,ts,nop,nop,sok,mss:+df', 'options before the MSS'],
  ['Solaris 8 or 9', 0.6, '4:64:*:*,-:nop,nop,sok,mss:+df', 'tcp_wscale_always=0'],
  ['HP-UX 11', 0.7, '4:64:*:32768,0:mss,ws,nop:+df+id+', '32 KiB window'],
  ['AIX', 0.5, '4:64:*:65535,0-3:mss,nop,ws,nop,nop,ts:-df', 'rfc1323=1'],
  ['IRIX 6', 0.4, '4:64:*:49152-61440,0:mss,nop,ws,nop,nop,ts,nop,nop,sok:-df', '60 KiB window'],
  // Network gear and embedded stacks.
  ['Cisco IOS', 0.8, '4:255:*:4128,-:mss:-df', 'ip tcp window-size default 4128'],
  ['Cisco IOS', 0.7, '4:255:*:16384,-:mss:-df', 'BGP and newer releases'],
  ['F5 BIG-IP', 0.5, '4:255:*:mss*3,*:mss,nop,ws,sok,eol+1:+df', '4380 on Ethernet, TMOS'],
  ['lwIP', 0.55, '4:255:*:mss*4,-:mss:-df', 'default TCP_WND of 4 segments, TTL 255'],
  ['lwIP', 0.5, '4:64-128:*:mss*4,-:mss:-df', 'as above, port of a vendor (ESP8266, ESP32)'],
  ['uIP or Contiki', 0.4, '4:64:*:mss*1,-:mss:-df', 'one segment in flight'],
  ['VxWorks', 0.4, '4:64:*:8192,0:mss,nop,ws:-df', 'BSD 4.4 stack'],
  // Scanners: what they send themselves, past the stack of their machine.
  ['nmap SYN scan', 0.8, '4:64:1460:1024,-:mss:-df', 'nmap -sS: MSS 1460, window 1024 to 4096, random TTL'],
  ['nmap SYN scan', 0.75, '4:64:1460:2048,-:mss:-df', 'as above'],
  ['nmap SYN scan', 0.75, '4:64:1460:3072,-:mss:-df', 'as above'],
  ['nmap SYN scan', 0.7, '4:64:1460:4096,-:mss:-df', 'as above'],
  ['nmap OS detection', 0.7, '4:64:*:*,*:ws,nop,mss,ts,sok:', 'probe 1 of nmap -O'],
  ['masscan', 0.8, '4:255:*:1024,-:mss:-df', 'TTL 255, window 1024'],
  ['masscan', 0.8, '4:255:0:1024,-::-df', 'before 1.3: no options'],
  ['ZMap', 0.75, '4:255:*:65535,-:mss:-df', 'TTL 255, window 65535'],
  ['ZMap', 0.75, '4:255:0:65535,-::-df', 'before 3: no options'],
  ['Scapy', 0.6, '4:64:0:8192,-::-df', 'defaults of its TCP layer'],
  ['hping', 0.5, '4:64:0:512,-::-df', 'default window 512'],
];

export const SYN_ACK_SIGNATURES: readonly OsSignatureLine[] = [
  // Linux answers with identification 0 and DF; the options that the SYN had.
  ['Linux 4.20 or newer', 0.8, `*:64:*:max,0-14:${LINUX}:+df-id+`, '65160 on Ethernet'],
  ['Linux 4.20 or newer', 0.75, `*:64:*:max,0-14:${LINUX_NO_TIMESTAMP}:+df-id+`, '64240 on Ethernet'],
  ['Linux 3.11 to 4.19', 0.8, `*:64:*:mss*20,0-14:${LINUX}:+df-id+`, '28960 on Ethernet'],
  ['Linux 3.11 to 4.19', 0.75, `*:64:*:mss*20,0-14:${LINUX_NO_TIMESTAMP}:+df-id+`, '29200 on Ethernet'],
  ['Linux 2.6.39 to 3.10', 0.8, `*:64:*:mss*10,0-14:${LINUX}:`, '14480 on Ethernet'],
  ['Linux 2.6.39 to 3.10', 0.75, `*:64:*:mss*10,0-14:${LINUX_NO_TIMESTAMP}:`, '14600 on Ethernet'],
  ['Linux 2.6.39 to 3.10', 0.5, `*:64:*:mss*10,-:${WINDOWS_OLD}:-id+`, 'to a SYN without scale'],
  ['Linux 2.6', 0.8, `*:64:*:mss*4,0-14:${LINUX}:`, '5792 on Ethernet'],
  ['Linux 2.6', 0.75, `*:64:*:mss*4,0-14:${LINUX_NO_TIMESTAMP}:`, '5840 on Ethernet'],
  ['Linux 2.6', 0.5, '*:64:*:mss*4,*:mss,nop,ws:', 'to a SYN without SACK'],
  ['Linux 2.6', 0.5, '*:64:*:mss*4,*:mss,nop,nop,ts,nop,ws:', 'to a SYN without SACK'],
  ['Linux 2.4 or 2.6', 0.6, `*:64:*:mss*4,-:${WINDOWS_OLD}:-id+`, 'to a SYN without scale'],
  ['Linux (Android)', 0.6, `*:64:*:65535,6-9:${LINUX}:+df-id+`, 'tcp_rmem of the Android init scripts'],
  ['Linux', 0.45, `*:64:*:*,*:${LINUX}:`, 'the order of options alone'],
  ['Linux', 0.4, `*:64:*:*,*:${LINUX_NO_TIMESTAMP}:`, 'the order of options alone'],
  ['Linux', 0.35, '*:64:*:*,-:mss,sok,ts:+df-id+', 'to a SYN without scale'],
  ['Linux (bare options)', 0.3, '4:64:*:max,-:mss:+df-id+', 'to a SYN with the MSS only'],
  ['Linux (bare options)', 0.3, '4:64:*:mss*20,-:mss:+df-id+', 'to a SYN with the MSS only'],
  ['Windows 10, 11 or Server 2016 and newer', 0.75, `*:128:*:65535,8:${WINDOWS}:+df`, 'auto-tuning'],
  ['Windows 10, 11 or Server 2016 and newer', 0.75, `*:128:*:max,8:${WINDOWS}:+df`, 'auto-tuning'],
  ['Windows 10, 11 or Server 2016 and newer', 0.65, `*:128:*:65535,8:${WINDOWS_TIMESTAMP}:+df`, 'to a SYN with timestamps'],
  ['Windows 7, 8 or Server 2008 to 2012', 0.8, `*:128:*:8192,0-8:${WINDOWS}:+df`, '8 KiB first window'],
  ['Windows 7, 8 or Server 2008 to 2012', 0.8, `*:128:*:8192,0-8:${WINDOWS_TIMESTAMP}:+df`, 'to a SYN with timestamps'],
  ['Windows 7, 8 or Server 2008 to 2012', 0.6, `*:128:*:8192,-:${WINDOWS_OLD}:+df`, 'to a SYN without scale'],
  ['Windows XP or Server 2003', 0.75, `4:128:*:65535,-:${WINDOWS_OLD}:`, 'XP'],
  ['Windows XP or Server 2003', 0.75, `4:128:*:16384,-:${WINDOWS_OLD}:`, '16 KiB default window'],
  ['Windows XP or Server 2003', 0.7, `4:128:*:max,-:${WINDOWS_OLD}:`, '64240 on Ethernet'],
  ['Windows XP or Server 2003', 0.7, '4:128:*:*,*:mss,nop,ws,nop,nop,ts,nop,nop,sok:', 'to a SYN with timestamps'],
  ['Windows', 0.4, `*:128:*:*,*:${WINDOWS}:`, 'the order of options alone'],
  ['macOS or iOS', 0.8, `*:64:*:65535,1-8:${DARWIN}:`, 'xnu'],
  ['macOS or iOS', 0.6, '*:64:*:65535,1-8:mss,nop,ws,sok,eol+1:+df-id+', 'to a SYN without timestamps'],
  ['FreeBSD', 0.75, `*:64:*:65535,0-14:${FREEBSD}:+df`, 'tcp_addoptions()'],
  ['FreeBSD', 0.65, '*:64:*:65535,0-14:mss,nop,ws,sok,eol+1:+df', 'to a SYN without timestamps'],
  ['FreeBSD', 0.3, '4:64:*:65535,-:mss,sok,eol+1:+df', 'to a SYN without scale'],
  ['OpenBSD', 0.75, '*:64:*:16384,0-7:mss,nop,nop,sok,nop,ws,nop,nop,ts:', 'order of tcp_output()'],
  ['OpenBSD', 0.6, '*:64:*:16384,0-7:mss,nop,nop,sok,nop,ws:', 'to a SYN without timestamps'],
  ['NetBSD', 0.75, '*:64:*:32768,0-7:mss,nop,ws,sok,nop,nop,nop,nop,ts:', 'padded timestamps'],
  ['Solaris 11 or illumos', 0.7, '*:64:*:*,*:sok,ts,mss,nop,ws:', 'order of tcp_xmit_mp()'],
  ['Solaris 8 to 10', 0.65, '4:64:*:*,*:nop,nop,ts,mss,nop,ws,nop,nop,sok:', 'timestamps first'],
  ['HP-UX 11', 0.7, '4:64:*:32768,0:mss,ws,nop,nop,nop,ts:+df', '32 KiB window'],
  ['HP-UX 11', 0.6, '4:64:*:32768,-:mss:+df+id+', 'to a SYN with the MSS only'],
  ['Cisco IOS', 0.8, '4:255:*:4128,-:mss:-df', 'ip tcp window-size default 4128'],
  ['Cisco IOS', 0.6, '4:255:*:16384,-:mss:-df', 'newer releases'],
  ['F5 BIG-IP', 0.6, '4:255:*:mss*3,*:mss,sok,eol+1:+df', '4380 on Ethernet, TMOS'],
  ['lwIP', 0.55, '4:255:*:mss*4,-:mss:-df', 'default TCP_WND of 4 segments'],
  ['user-mode network (slirp)', 0.6, '4:64:*:65535,-:mss:-df', 'QEMU -netdev user, VirtualBox NAT'],
];
