/** A filter that is chosen from a list. */
import { NativeSelect } from '@mantine/core';

interface ChoiceFieldProps {
  label: string;
  choices: { value: string; label: string }[];
  value: string;
  onChange: (value: string) => void;
}

export function ChoiceField({ label, choices, value, onChange }: ChoiceFieldProps) {
  return (
    <NativeSelect
      size="xs"
      className="filter"
      aria-label={label}
      data={choices}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
