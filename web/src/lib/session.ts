const KEY = 'osteograph:token';

/** The token that was kept; the address of the first start (`/?token=...`) goes before it and loses its token. */
export function takeToken(): string | null {
  const url = new URL(location.href);
  const given = url.searchParams.get('token');
  if (given) {
    keepToken(given);
    url.searchParams.delete('token');
    history.replaceState(null, '', url.pathname + url.search + url.hash);
  }
  return localStorage.getItem(KEY);
}

/** Kept in this browser until somebody signs out; GraphiQL finds it there too. */
export function keepToken(token: string): void {
  localStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  localStorage.removeItem(KEY);
}
