import { Box } from '@mantine/core';
import type { ReactNode, Ref } from 'react';

interface ScrollBoxProps {
  label: string;
  className: string;
  ref?: Ref<HTMLDivElement>;
  children: ReactNode;
}

/** What scrolls inside itself takes the focus, or nobody could scroll it by keyboard. */
export function ScrollBox({ label, className, ref, children }: ScrollBoxProps) {
  return (
    <Box role="region" tabIndex={0} aria-label={label} className={className} {...(ref === undefined ? {} : { ref })}>
      {children}
    </Box>
  );
}
