import { type ComponentProps, type ReactNode, useId } from 'react';
import { ChevronIcon } from './icons.js';

export function TextField({ label, hint, ...rest }: ComponentProps<'input'> & { label: string; hint?: ReactNode }) {
  const id = useId();
  return (
    <label className="field">
      {label}
      <input className="input" aria-describedby={hint === undefined ? undefined : id} {...rest} />
      {hint === undefined ? null : (
        <span className="hint" id={id}>
          {hint}
        </span>
      )}
    </label>
  );
}

export function SelectField(
  props: ComponentProps<'select'> & { label: string; labelHidden?: boolean; icon?: ReactNode },
) {
  const { label, labelHidden = false, icon, children, ...rest } = props;
  return (
    <label className="field">
      <span className={labelHidden ? 'visually-hidden' : undefined}>{label}</span>
      <span className={icon === undefined ? 'select' : 'select with-icon'}>
        {icon}
        <select className="input" {...rest}>
          {children}
        </select>
        <ChevronIcon />
      </span>
    </label>
  );
}

export function Switch(
  props: Omit<ComponentProps<'input'>, 'onChange'> & {
    label: string;
    hint?: string;
    onChange: (on: boolean) => void;
  },
) {
  const { label, hint, checked, onChange, ...rest } = props;
  return (
    <label className="switch">
      <span>
        {label}
        {hint === undefined ? null : <span className="hint">{hint}</span>}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        {...rest}
      />
    </label>
  );
}

/** A choice of a few options, all visible. */
export function Choices<Value extends string>(props: {
  label: string;
  value: Value;
  choices: readonly { value: Value; label: string }[];
  onChoose: (value: Value) => void;
  testId?: string;
}) {
  const { label, value, choices, onChoose, testId } = props;
  const name = useId();
  return (
    <fieldset className="choices" data-testid={testId}>
      <legend>{label}</legend>
      <div>
        {choices.map((choice) => (
          <label key={choice.value}>
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChoose(choice.value)}
            />
            {choice.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
