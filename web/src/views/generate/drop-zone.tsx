import { useEffect, useId, useRef, useState } from 'react';
import { useSession } from '../../app/session-context.tsx';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { InlineError } from '../../components/notes.tsx';
import { fileSize } from '../../lib/words.ts';
import { EarlierUploads } from './earlier-uploads.tsx';
import styles from './drop-zone.module.css';

/** What is happening to a file: its bytes travel, then the server looks for knees. */
interface Sending {
  name: string;
  bytes: number;
  /** Part that has arrived, 0 to 1. */
  sent: number;
  stop: AbortController;
}

/** Takes a radiograph from a file, dropped anywhere on the page or chosen by the button. */
export function DropZone({ onUploaded }: { onUploaded: (id: string) => void }) {
  const { clients } = useSession();
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<Sending>();
  const [fault, setFault] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const id = useId();

  const send = async (files: FileList | null | undefined) => {
    const [file, another] = files ?? [];
    if (!file || sending) return;
    setFault(another && 'One radiograph at a time; drop one file.');
    if (another) return;
    const stop = new AbortController();
    setSending({ name: file.name, bytes: file.size, sent: 0, stop });
    try {
      const onProgress = (sent: number) => setSending((now) => now && { ...now, sent });
      const answer = await clients.upload<{ id: string }>('/radiographs', file, { onProgress, signal: stop.signal });
      onUploaded(answer.id);
    } catch (error) {
      if (!stop.signal.aborted) setFault(error instanceof Error ? error.message : String(error));
    } finally {
      setSending(undefined);
    }
  };

  // A file that misses the frame would make the browser leave the page.
  const drop = useRef(send);
  useEffect(() => {
    drop.current = send;
  });
  useEffect(() => {
    const carriesFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const onDragOver = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      setOver(false);
      void drop.current(event.dataTransfer?.files);
    };
    window.addEventListener('dragover', onDragOver);
    window.addEventListener('dragleave', onDragLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onDragOver);
      window.removeEventListener('dragleave', onDragLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, []);

  return (
    <Card title="Your own radiograph" note="One knee or both, as DICOM, PNG, TIFF or JPEG, up to 64 MiB.">
      <div className={`${styles.zone} ${over ? styles.over : ''}`} data-over={over}>
        {sending ? (
          <Progress {...sending} />
        ) : (
          <>
            <p className={styles.call}>{over ? 'Release to upload it' : 'Drop a file on this page'}</p>
            <p className={styles.or}>or</p>
            <Button onClick={() => input.current?.click()} aria-describedby={`${id}-kept`}>
              Choose a file …
            </Button>
          </>
        )}
        <input
          ref={input}
          type="file"
          hidden
          aria-label="Radiograph"
          accept=".dcm,.dicom,.png,.tif,.tiff,.jpg,.jpeg,application/dicom,image/png,image/tiff,image/jpeg"
          onChange={({ target }) => {
            void send(target.files);
            target.value = '';
          }}
        />
      </div>
      {fault && <InlineError message={fault} />}
      <p id={`${id}-kept`} className={styles.kept}>
        Kept are the pixels, their size, and where the knees are: for 30 days, or until you delete them, with what you
        generate from them. Name, dates and everything else in the file are not. You and administrators see it, nobody
        else.
      </p>
      <EarlierUploads onPick={onUploaded} />
    </Card>
  );
}

function Progress({ name, bytes, sent, stop }: Sending) {
  const percent = Math.floor(100 * sent);
  return (
    <div className={styles.sending}>
      <p role="status">
        {sent < 1 ? `Uploading ${name}` : 'Reading it and looking for knees …'}
        <span className={styles.size}>{fileSize(bytes)}</span>
      </p>
      <progress value={sent < 1 ? sent : undefined} max={1} aria-label="Upload">
        {percent} %
      </progress>
      <Button small onClick={() => stop.abort()}>
        Stop
      </Button>
    </div>
  );
}
