/** Life of DICOM objects that are sent to a peer. */
export const DICOM_SENDING_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type DicomSendingState = (typeof DICOM_SENDING_STATES)[number];

/** An application entity that objects are sent to, as its administrators give it. */
export interface DicomAddress {
  aeTitle: string;
  /** Name or address of the machine. */
  host: string;
  /** 1 to 65535 */
  port: number;
}
