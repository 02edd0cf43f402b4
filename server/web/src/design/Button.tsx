import type { ComponentProps, ReactNode } from 'react';

export type ButtonProps = ComponentProps<'button'> & {
  /** Default `plain`. */
  tone?: 'plain' | 'primary' | 'danger' | 'ghost';
  icon?: ReactNode;
};

/** A button with its words. */
export function Button({ tone = 'plain', icon, className = '', children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button ${tone} ${className}`} {...rest}>
      {icon}
      {children === undefined ? null : <span>{children}</span>}
    </button>
  );
}

/** A button that is a picture. `label` is its name for whoever hears the page, and its hint for whoever points at it. */
export function IconButton({ label, className = '', ...rest }: ButtonProps & { label: string }) {
  return <Button aria-label={label} title={label} className={`bare ${className}`} {...rest} />;
}
