/** A filter that is typed: what it says is told when the typing rests, and at once with Enter. */
import { TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { Icon } from './icons.tsx';

interface SearchFieldProps {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  testId?: string;
  /** The one that `/` goes to. */
  first?: boolean;
  className?: string;
}

const REST_MS = 300;

export function SearchField({ label, placeholder, value, onChange, testId, first = false, className }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const told = useRef(value);
  const tell = useRef(onChange);
  tell.current = onChange;
  useEffect(() => {
    // Changed from outside: a link, the back button, `Clear`.
    if (value !== told.current) {
      told.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === told.current) return;
    const timer = window.setTimeout(() => {
      told.current = text;
      tell.current(text);
    }, REST_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return (
    <TextInput
      size="xs"
      type="search"
      className={className ?? 'filter'}
      aria-label={label}
      placeholder={placeholder ?? label}
      maxLength={200}
      autoComplete="off"
      spellCheck={false}
      leftSection={first ? <Icon name="search" /> : undefined}
      data-search={first || undefined}
      data-testid={testId}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        told.current = text;
        onChange(text);
      }}
    />
  );
}
