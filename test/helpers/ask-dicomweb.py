"""Asks a DICOMweb server with dicomweb-client and tells what pydicom sees, as JSON: ask-dicomweb.py <url> <token> [<file to store>]"""

import hashlib
import json
import sys

import pydicom
from dicomweb_client import DICOMwebClient

url, token, *files = sys.argv[1:]
client = DICOMwebClient(url, headers={'Authorization': f'Bearer {token}'})


def digest(pixels):
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def study_with(modality):
    return client.search_for_studies(search_filters={'ModalitiesInStudy': modality})[0]['0020000D']['Value'][0]


study = study_with('MR')
series = client.search_for_series(study)[0]['0020000E']['Value'][0]
instances = [found['00080018']['Value'][0] for found in client.search_for_instances(study, series)]
whole = client.retrieve_series(study, series)
one = client.retrieve_instance(study, series, instances[0])
metadata = [pydicom.Dataset.from_json(header) for header in client.retrieve_series_metadata(study, series)]
frame = client.retrieve_instance_frames(study, series, instances[0], [1])[0]
bulk = client.retrieve_bulkdata(client.retrieve_series_metadata(study, series)[0]['7FE00010']['BulkDataURI'])[0]
answer = {
    'series': [str(found.SOPInstanceUID) for found in whole],
    'instances': instances,
    'positions': [[float(value) for value in found.ImagePositionPatient] for found in whole],
    'pixels': [digest(found.pixel_array) for found in whole],
    'one': digest(one.pixel_array),
    'patient': str(one.PatientID),
    'metadata': [str(header.SOPInstanceUID) for header in metadata],
    'same': [
        [keyword for keyword in ('Rows', 'PixelSpacing', 'ImageOrientationPatient') if header.get(keyword) != found.get(keyword)]
        for header, found in zip(metadata, whole)
    ],
    'frame': hashlib.sha256(frame).hexdigest(),
    'bulk': hashlib.sha256(bulk).hexdigest(),
    'study': len(client.retrieve_study(study)),
    'png': client.retrieve_instance_rendered(study, series, instances[0], media_types=('image/png',))[:8].hex(),
    'none': client.search_for_studies(search_filters={'PatientID': 'nobody'}),
}

if files:
    sent = pydicom.dcmread(files[0])
    stored = client.store_instances([sent])
    item = stored.ReferencedSOPSequence[0]
    where = item.RetrieveURL.split('/')
    back = client.retrieve_instance(where[-5], where[-3], where[-1])
    answer['stored'] = {
        'failed': len(stored.get('FailedSOPSequence', [])),
        'uid': str(item.ReferencedSOPInstanceUID) == str(back.SOPInstanceUID),
        'pixels': digest(back.pixel_array) == digest(sent.pixel_array),
        'patient': str(back.PatientName),
        'words': any('Doe' in str(element.value) for element in back.iterall()),
    }

print(json.dumps(answer))
