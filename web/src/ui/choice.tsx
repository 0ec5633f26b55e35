import type { ReactNode } from "react";
import { ToggleButton, ToggleButtonGroup, type Key } from "react-aria-components";

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly {
    readonly id: T;
    readonly label: string;
    readonly shown: ReactNode;
  }[];
  readonly chosen: T;
  readonly onChoose: (id: T) => void;
}

/** One of a few, all in sight. */
export function Choice<T extends string>({ label, options, chosen, onChoose }: ChoiceProps<T>) {
  const choose = (keys: Set<Key>) => {
    const option = options.find(({ id }) => keys.has(id));
    if (option) onChoose(option.id);
  };
  return (
    <ToggleButtonGroup
      className="choice"
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[chosen]}
      onSelectionChange={choose}
    >
      {options.map((option) => (
        <ToggleButton
          key={option.id}
          id={option.id}
          className="choice-option"
          aria-label={option.label}
        >
          {option.shown}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
