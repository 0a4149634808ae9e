/** Colours, type and sizes. Series colours are those of Okabe and Ito, which people with any colour vision tell apart. */
import { createTheme, type MantineColorsTuple } from '@mantine/core';

const water: MantineColorsTuple = [
  '#e8f4fb',
  '#cfe6f4',
  '#a5d2ec',
  '#7cc3ea',
  '#56b4e9',
  '#2e97d1',
  '#0f82c0',
  '#0072b2',
  '#005f96',
  '#004b77',
];

/** From dark mode's text to its page; steps 6 to 9 are surfaces. */
const dark: MantineColorsTuple = [
  '#dfe5ec',
  '#c3ccd6',
  '#a3afbc',
  '#788594',
  '#323c47',
  '#29323c',
  '#1a2027',
  '#12171c',
  '#0d1115',
  '#080b0e',
];

const systemFont = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const systemMono = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

export const theme = createTheme({
  colors: { water, dark },
  primaryColor: 'water',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  respectReducedMotion: true,
  luminanceThreshold: 0.32,
  fontFamily: systemFont,
  fontFamilyMonospace: systemMono,
  defaultRadius: 'sm',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  components: {
    Drawer: { defaultProps: { overlayProps: { backgroundOpacity: 0.25 }, transitionProps: { duration: 120 } } },
    Modal: { defaultProps: { overlayProps: { backgroundOpacity: 0.25 }, transitionProps: { duration: 120 } } },
  },
  headings: { fontFamily: systemFont, fontWeight: '600', sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '0.9375rem' } } },
  breakpoints: { xs: '30em', sm: '48em', md: '64em', lg: '82em', xl: '110em' },
});

export type Scheme = 'light' | 'dark';

/** In an order in which neighbours differ in lightness too. */
const series: Record<Scheme, readonly string[]> = {
  light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#5b6675', '#b3a800'],
  dark: ['#56b4e9', '#e69f00', '#2bb58c', '#d98fb8', '#f0e442', '#3d8fd6', '#a3afbc', '#e5793a'],
};

export const seriesColor = (scheme: Scheme, index: number): string => series[scheme][index % series[scheme].length];

/** What canvases need of the theme: they cannot read CSS variables cheaply. */
export const inks: Record<Scheme, { text: string; faint: string; grid: string; surface: string }> = {
  light: { text: '#1c2430', faint: '#56616f', grid: '#e4e8ed', surface: '#ffffff' },
  dark: { text: '#dfe5ec', faint: '#a3afbc', grid: '#29323c', surface: '#1a2027' },
};
