/** Line icons of 20 units, in the colour of the text around them. They only accompany words. */
const shapes = {
  overview: 'M3 17V9M8 17V4M13 17v-6M18 17V7',
  devices: 'M3 4h14v9H3zM7 17h6M10 13v4',
  flows: 'M3 6h12l-3-3M17 14H5l3 3',
  alerts: 'M10 3l8 14H2zM10 8v4M10 14.5v.5',
  topology:
    'M10 5.5v4M8.5 10.5l-3 3.5M11.5 10.5l3 3.5M10 2.5a1.5 1.5 0 100 3 1.5 1.5 0 000-3zM10 8.5a1.5 1.5 0 100 3 1.5 1.5 0 000-3zM5 14a1.5 1.5 0 100 3 1.5 1.5 0 000-3zM15 14a1.5 1.5 0 100 3 1.5 1.5 0 000-3z',
  packets: 'M3 6l7-3 7 3v8l-7 3-7-3zM3 6l7 3 7-3M10 9v8',
  health: 'M2 10h4l2-5 4 10 2-5h4',
  pause: 'M7 4v12M13 4v12',
  play: 'M6 4l10 6-10 6z',
  sun: 'M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.4-1.4M14.6 5.4L16 4',
  moon: 'M16.5 12A7 7 0 018 3.5a7 7 0 108.5 8.5z',
  system: 'M3 4h14v9H3zM7 16.5h6',
  keys: 'M2 5h16v10H2zM5 8h.5M8 8h.5M11 8h.5M14 8h.5M6 12h8',
  download: 'M10 3v9M6 8.5l4 4 4-4M4 16.5h12',
  search: 'M9 3.5a5.5 5.5 0 100 11 5.5 5.5 0 000-11zM13 13l4 4',
  check: 'M4 10.5l4 4 8-9',
  cross: 'M5 5l10 10M15 5L5 15',
  unknown: 'M7.5 7.5a2.5 2.5 0 113.5 2.3c-.7.4-1 .9-1 1.7M10 14.5v.5',
  up: 'M10 16V5M5.5 9L10 4.5 14.5 9',
  down: 'M10 4v11M5.5 11l4.5 4.5 4.5-4.5',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  fit: 'M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4',
  pin: 'M10 12v6M6 12h8l-1.5-3V4h1v-1h-7v1h1v5z',
  exit: 'M8 3H3v14h5M8 10h9M14 7l3 3-3 3',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = '1.15em' }: { name: IconName; size?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      className="icon"
    >
      <path d={shapes[name]} />
    </svg>
  );
}
