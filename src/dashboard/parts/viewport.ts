/** Width classes of the window; the breakpoints of the theme. */
import { useMediaQuery } from '@mantine/hooks';

export type Width = 'narrow' | 'medium' | 'wide' | 'wall';

export const WIDTHS: readonly Width[] = ['narrow', 'medium', 'wide', 'wall'];

const options = { getInitialValueInEffect: false };

export function useWidth(): Width {
  const medium = useMediaQuery('(min-width: 48em)', undefined, options);
  const wide = useMediaQuery('(min-width: 75em)', undefined, options);
  const wall = useMediaQuery('(min-width: 110em)', undefined, options);
  return wall ? 'wall' : wide ? 'wide' : medium ? 'medium' : 'narrow';
}
