/** The only door to what is sent to a PACS for other layers. */
export { orderSending, sendWhatIsMade } from './enter.js';
export { type Courier, DICOM_SENDING, type SendingResources } from './kind.js';
export { addPeer, findPeer, listPeers, type NewPeer, removePeer } from './peers.js';
export {
  cancelSending,
  findSending,
  findSendings,
  listSendings,
  requestSendings,
  retrySending,
  type SendingRequest,
} from './requests.js';
