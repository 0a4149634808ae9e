/** Operating systems by what devices say of themselves. Each answers null rather than guess. */

/** DHCP option 60. */
export function osOfVendorClass(vendorClass: string): string | null {
  const android = /^android-dhcp-([\w.]{1,12})/i.exec(vendorClass);
  if (android !== null) return `Android ${android[1]}`;
  if (/^MSFT /i.test(vendorClass)) return 'Windows';
  if (/^dhcpcd.*\bLinux\b/i.test(vendorClass) || /^udhcp /i.test(vendorClass)) return 'Linux';
  return /^(?:dhcpcd.*\b)?(FreeBSD|NetBSD|OpenBSD)\b/i.exec(vendorClass)?.[1] ?? null;
}

const apple: readonly (readonly [RegExp, string])[] = [
  [/^(?:iPhone|iPod)\d/, 'iOS'],
  [/^iPad\d/, 'iPadOS'],
  [/^AppleTV\d/, 'tvOS'],
  [/^Watch\d/, 'watchOS'],
  [/^(?:Mac\d|MacBook|Macmini|MacPro|iMac)/, 'macOS'],
];

/** Model identifiers, `MacBookPro18,3`. */
export function osOfAppleModel(model: string): string | null {
  return apple.find(([pattern]) => pattern.test(model))?.[1] ?? null;
}

/** Processor and system of a HINFO record (RFC 1035 section 3.3.2). */
export function osOfHinfo([, system]: readonly string[]): string | null {
  if (system === undefined || system === '') return null;
  return system.toUpperCase() === 'LINUX' ? 'Linux' : system.slice(0, 64);
}

const windows: Readonly<Record<string, string>> = {
  '5.0': 'Windows 2000',
  '5.1': 'Windows XP',
  '5.2': 'Windows Server 2003',
  '6.0': 'Windows Vista',
  '6.1': 'Windows 7',
  '6.2': 'Windows 8',
  '6.3': 'Windows 8.1',
  '10.0': 'Windows 10 or newer',
};

/** Versions of browser announcements; Samba says 6.1 whatever it runs on, and says so in its comment unless that was changed. */
export function osOfBrowserVersion(version: string, comment: string): string | null {
  return /samba/i.test(comment) || version === '6.1' ? null : (windows[version] ?? null);
}

/** The system in a list of products, `Linux/5.10 UPnP/1.0 Name/1.2` (UPnP Device Architecture, SERVER and USER-AGENT). */
export function osOfProducts(products: string): string | null {
  const nt = /\b(?:Windows NT|Microsoft-Windows(?:-NT)?|Windows)[/ ](\d+\.\d)/i.exec(products);
  if (nt !== null) return windows[nt[1]] ?? 'Windows';
  const known = /^(Linux|Debian|Ubuntu|Fedora|Raspbian|Android|FreeBSD|OpenBSD|NetBSD|Darwin|VxWorks|QNX)\b(?:\/(\d[\w.]{0,15}))?/i.exec(
    products,
  );
  if (known === null) return null;
  if (known[1].toLowerCase() === 'darwin') return 'macOS or iOS';
  return known[2] === undefined ? known[1] : `${known[1]} ${known[2]}`;
}

/** The last product of such a list, which is the device's own; null when there is none. */
export function productOf(products: string): string | null {
  const at = /UPnP\/[\d.]+,?\s+/i.exec(products);
  return at === null ? null : products.slice(at.index + at[0].length) || null;
}

const banners: readonly (readonly [RegExp, string])[] = [
  [/\bUbuntu\b/, 'Ubuntu'],
  [/\bRaspbian\b/, 'Raspbian'],
  [/\bDebian\b/, 'Debian'],
  [/\bFreeBSD\b/, 'FreeBSD'],
  [/\bNetBSD/, 'NetBSD'],
  [/OpenSSH_for_Windows/, 'Windows'],
  [/\bCisco\b/, 'Cisco IOS'],
  [/\bROSSSH\b/, 'RouterOS'],
];

/** Identification strings of SSH (RFC 4253 section 4.2). */
export function osOfSshBanner(banner: string): string | null {
  return banners.find(([pattern]) => pattern.test(banner))?.[1] ?? null;
}
