import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link } from 'react-router';
import styles from './button.module.css';

/** How much a button asks for attention. */
export type ButtonKind = 'main' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  small?: boolean;
}

export function Button({ kind = 'plain', small = false, type = 'button', className = '', ...rest }: ButtonProps) {
  return <button type={type} className={`${classOf(kind, small)} ${className}`} {...rest} />;
}

interface LinkProps {
  to: string;
  kind?: ButtonKind;
  small?: boolean;
  children: ReactNode;
}

/** A link that looks like a button: it goes somewhere. */
export function ButtonLink({ to, kind = 'plain', small = false, children }: LinkProps) {
  return (
    <Link to={to} className={classOf(kind, small)}>
      {children}
    </Link>
  );
}

/** A link to a file that the server hands out. */
export function DownloadLink({ href, name, children }: { href: string; name?: string; children: ReactNode }) {
  return (
    <a href={href} download={name ?? ''} className={classOf('plain', false)}>
      {children}
    </a>
  );
}

function classOf(kind: ButtonKind, small: boolean): string {
  return `${styles.button} ${styles[kind]} ${small ? styles.small : ''}`;
}
