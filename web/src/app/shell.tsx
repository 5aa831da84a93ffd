import { type ReactNode, useEffect, useRef } from 'react';
import { NavLink, useLocation } from 'react-router';
import { Menu } from '../components/menu.tsx';
import { SECTIONS, mayOpen } from './navigation.tsx';
import { SearchBox } from './search-box.tsx';
import { useSession } from './session-context.tsx';
import { THEMES, useTheme } from './theme.ts';
import styles from './shell.module.css';

/** The frame around every view: navigation, theme, and who is here. */
export function Shell({ children }: { children: ReactNode }) {
  const { viewer, signOut } = useSession();
  const main = useRef<HTMLElement>(null);
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const first = useRef(true);
  // A new page is read from its top, by screen readers as well.
  useEffect(() => {
    if (first.current) first.current = false;
    else {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    // On a phone the sections are wider than the screen.
    nav.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [pathname]);
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <header className={styles.bar}>
        <NavLink to="/cohorts" className={styles.brand} aria-label="Osteograph, start page">
          <Mark />
          <span>Osteograph</span>
        </NavLink>
        <nav ref={nav} className={styles.nav} aria-label="Main">
          {SECTIONS.filter(({ right }) => mayOpen(viewer, right)).map(({ label, path }) => (
            <NavLink key={path} to={path} className={styles.link}>
              {label}
            </NavLink>
          ))}
        </nav>
        {mayOpen(viewer, 'canRead') && <SearchBox />}
        <Menu label={viewer.name} className={styles.account}>
          <p className={styles.who}>
            Signed in as <strong>{viewer.name}</strong>, role <strong>{viewer.role}</strong>
          </p>
          <ThemeSwitch />
          <a href="/graphiql">GraphiQL</a>
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        </Menu>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        {children}
      </main>
    </>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useTheme();
  return (
    <fieldset className={styles.theme}>
      <legend>Appearance</legend>
      {THEMES.map((name) => (
        <label key={name}>
          <input type="radio" name="theme" checked={theme === name} onChange={() => setTheme(name)} />
          <span>{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0a6784" />
      <path
        d="M9 5v4.5C9 13 12 14 16 14s7-1 7-4.5V5"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
      <path
        d="M9 27v-4.5C9 19.4 12 18 16 18s7 1.4 7 4.5V27"
        fill="none"
        stroke="#9fdcf0"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </svg>
  );
}
