import { Component, type ReactNode } from 'react';
import { ErrorNote } from '../components/notes.tsx';

interface BoundaryProps {
  /** A new value is a new page: what failed before is forgotten. */
  page: string;
  children: ReactNode;
}

/** A view that fails takes nothing else with it: an address that no view can read, or code of a version that the server no longer has. */
export class ErrorBoundary extends Component<BoundaryProps, { failedAt: string | undefined }> {
  override state: { failedAt: string | undefined } = { failedAt: undefined };

  static getDerivedStateFromError() {
    return { failedAt: location.pathname + location.search };
  }

  override render() {
    if (this.state.failedAt !== this.props.page) return this.props.children;
    return (
      <ErrorNote
        title="This page cannot be shown"
        message="The address may be mistyped, or the server was updated while the app was open; reloading it loads the newest version."
        onRetry={() => location.reload()}
      />
    );
  }
}
