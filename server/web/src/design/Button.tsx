import type { ComponentProps, ReactNode } from 'react';

export type ButtonProps = ComponentProps<'button'> & {
  /** Default `plain`. */
  tone?: 'plain' | 'primary' | 'danger' | 'ghost';
  icon?: ReactNode;
};

/** A button with a text. */
export function Button({ tone = 'plain', icon, className = '', children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button ${tone} ${className}`} {...rest}>
      {icon}
      {children === undefined ? null : <span>{children}</span>}
    </button>
  );
}

/** A button with an icon. `label` is its accessible name and its tooltip. */
export function IconButton({ label, className = '', ...rest }: ButtonProps & { label: string }) {
  return <Button aria-label={label} title={label} className={`bare ${className}`} {...rest} />;
}
