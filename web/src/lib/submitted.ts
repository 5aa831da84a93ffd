import type { SubmitEventHandler } from 'react';

/** Handles a form that is submitted: its fields go to `send`, and neither the browser nor a form around it does anything. */
export function submitted(send: (fields: FormData) => Promise<void>): SubmitEventHandler<HTMLFormElement> {
  return (event) => {
    event.preventDefault();
    // A dialog opens where its button stands, which may be inside another form.
    event.stopPropagation();
    void send(new FormData(event.currentTarget));
  };
}
