import { useSearchParams } from 'react-router';
import { Page } from '../../components/page.tsx';
import { DropZone } from './drop-zone.tsx';
import { ExamForm } from './exam-form.tsx';
import { KneePicker } from './knee-picker.tsx';
import { UploadForm } from './upload-form.tsx';
import styles from './generate.module.css';

/** `/generate` lets choose a knee or bring a radiograph; `?exam=<id>` and `?upload=<id>` say what to make of it. */
export function GenerateView() {
  const [params, setParams] = useSearchParams();
  const [exam, upload] = [params.get('exam'), params.get('upload')];
  const onOther = () => setParams({});
  // What else the address presets stays.
  const choose = (source: { exam: string } | { upload: string }) =>
    setParams({ ...Object.fromEntries(params), ...source });
  if (exam !== null) return <ExamForm id={exam} onOther={onOther} />;
  if (upload !== null) return <UploadForm id={upload} onOther={onOther} />;
  return (
    <Page
      title="Generate an MRI volume"
      lead="Choose the knee whose radiograph is turned into a synthetic volume, or bring a radiograph of your own."
    >
      <div className={styles.sources}>
        <KneePicker onPick={(id) => choose({ exam: id })} />
        <DropZone onUploaded={(id) => choose({ upload: id })} />
      </div>
    </Page>
  );
}
