/** What is done with an element for the sake of its attribute; of every other one its value representation decides. */
export type Treatment = 'REMOVE' | 'EMPTY' | 'DUMMY' | 'DEVICE' | 'TECHNICAL';

/**
 * What table E.1-1 of PS3.15 (2025a) asks for: the Basic Profile with the options Clean Descriptors, Retain Longitudinal Temporal
 * Information with Modified Dates and Retain Device Identity. Undefined for attributes that the table leaves alone, and for those that
 * it treats as all of their kind are treated: dates are shifted, UIDs replaced, texts cleaned, sequences gone through.
 *
 * @param keyword as in PS3.6, e.g. "PatientName"
 */
export function treatmentOf(keyword: string): Treatment | undefined {
  return TREATMENTS.get(keyword);
}

/** Where an image may do without an attribute that the table lets be removed, emptied or replaced, it is removed. */
const REMOVED = words(`
  ActualHumanPerformersSequence AddressTrial AdmissionID Arbitrary AuthorObserverSequence BranchOfService CameraOwnerName
  CertificateOfSigner ClinicalTrialProtocolEthicsCommitteeApprovalNumber ClinicalTrialSeriesID
  ConfidentialityConstraintOnPatientDataDescription ConsultingPhysicianIdentificationSequence ContainerComponentID
  ContentCreatorIdentificationCodeSequence ContentSequence CountryOfResidence CurrentObserverTrial CurrentPatientLocation
  CustodialOrganizationSequence DigitalSignaturesSequence DistributionAddress DistributionName EncapsulatedDocument EthnicGroup
  FlowIdentifier FlowIdentifierSequence GPSAltitude GPSAltitudeRef GPSAreaInformation GPSDOP GPSDestBearing GPSDestBearingRef
  GPSDestDistance GPSDestDistanceRef GPSDestLatitude GPSDestLatitudeRef GPSDestLongitude GPSDestLongitudeRef GPSDifferential GPSImgDirection
  GPSImgDirectionRef GPSLatitude GPSLatitudeRef GPSLongitude GPSLongitudeRef GPSMapDatum GPSMeasureMode GPSProcessingMethod GPSSatellites
  GPSSpeed GPSSpeedRef GPSStatus GPSTimeStamp GPSTrack GPSTrackRef GPSVersionID GraphicAnnotationSequence HumanPerformerName
  HumanPerformerOrganization IconImageSequence ImagePresentationComments InstanceOriginStatus InstitutionAddress InstitutionCodeSequence
  InstitutionName InstitutionalDepartmentName InstitutionalDepartmentTypeCodeSequence InsurancePlanIdentification
  IntendedRecipientsOfResultsIdentificationSequence InterpretationApproverSequence InterpretationAuthor InterpretationID
  InterpretationIDIssuer InterpretationRecorder InterpretationTranscriber IssuerOfAdmissionID IssuerOfAdmissionIDSequence
  IssuerOfClinicalTrialProtocolID IssuerOfClinicalTrialSeriesID IssuerOfClinicalTrialSiteID IssuerOfClinicalTrialSubjectID
  IssuerOfClinicalTrialSubjectReadingID IssuerOfClinicalTrialTimePointID IssuerOfPatientID IssuerOfServiceEpisodeID
  IssuerOfServiceEpisodeIDSequence MAC MedicalRecordLocator MilitaryRank ModifiedAttributesSequence ModifiedImageDescription
  NameOfPhysiciansReadingStudy NamesOfIntendedRecipientsOfResults NetworkID NonconformingDataElementValue
  NonconformingModifiedAttributesSequence OperatorIdentificationSequence OperatorsName OrderCallbackPhoneNumber
  OrderCallbackTelecomInformation OrderEnteredBy OrderEntererLocation OriginalAttributesSequence Originator
  OtherClinicalTrialProtocolIDsSequence OtherPatientIDs OtherPatientIDsSequence OtherPatientNames ParticipantSequence PatientAddress
  PatientAge PatientBirthName PatientBirthTime PatientInstitutionResidence PatientInsurancePlanCodeSequence PatientMotherBirthName
  PatientPrimaryLanguageCodeSequence PatientPrimaryLanguageModifierCodeSequence PatientReligiousPreference PatientSize
  PatientTelecomInformation PatientTelephoneNumbers PatientTransportArrangements PatientWeight PerformedLocation PerformedProcedureStepID
  PerformedStationAETitle PerformedStationGeographicLocationCodeSequence PerformedStationNameCodeSequence
  PerformingPhysicianIdentificationSequence PerformingPhysicianName PersonAddress PersonIdentificationCodeSequence PersonTelecomInformation
  PersonTelephoneNumbers PhysicianApprovingInterpretation PhysiciansOfRecord PhysiciansOfRecordIdentificationSequence
  PhysiciansReadingStudyIdentificationSequence PreMedication PregnancyStatus ROICreatorSequence ROIInterpreterSequence ReceivingAE
  ReferencedDigitalSignatureSequence ReferencedPatientAliasSequence ReferencedPatientPhotoSequence ReferencedPatientSequence
  ReferencedPerformedProcedureStepSequence ReferencedSOPInstanceMACSequence ReferringPhysicianAddress
  ReferringPhysicianIdentificationSequence ReferringPhysicianTelephoneNumbers RegionOfResidence RequestedProcedureID
  RequestedProcedureLocation RequestingAE RequestingPhysician RequestingService ResponsibleOrganization ResponsiblePerson
  ResultsDistributionListSequence ResultsID ResultsIDIssuer RetrieveAETitle ScheduledHumanPerformersSequence
  ScheduledPatientInstitutionResidence ScheduledPerformingPhysicianIdentificationSequence ScheduledPerformingPhysicianName
  ScheduledProcedureStepID ScheduledProcedureStepLocation ScheduledStationAETitle ScheduledStationGeographicLocationCodeSequence
  ScheduledStationName ScheduledStationNameCodeSequence ScheduledStudyLocation ScheduledStudyLocationAETitle SelectorOBValue SelectorUNValue
  ServiceEpisodeID SlideIdentifier SmokingStatus SourceIdentifier SpecialNeeds SpecimenAccessionNumber StationAETitle StudyIDIssuer
  TelephoneNumberTrial TextComments TextString TopicAuthor TopicKeywords TopicSubject TopicTitle TransducerIdentificationSequence
  UDISequence VerbalSourceIdentifierCodeSequenceTrial VerbalSourceTrial VerifyingObserverSequence
`);

/** Attributes that an image must have, empty if need be. */
const EMPTIED = words(`
  AccessionNumber AcquisitionContextSequence BarcodeValue ClinicalTrialCoordinatingCenterName ClinicalTrialProtocolName ClinicalTrialSiteID
  ClinicalTrialSiteName ClinicalTrialTimePointID ConsultingPhysicianName ContentCreatorName DeviceAlternateIdentifier
  FillerOrderNumberImagingServiceRequest IssuerOfTheContainerIdentifierSequence IssuerOfTheSpecimenIdentifierSequence PatientBirthDate PatientID
  PatientName PatientSex PatientSexNeutered PlacerOrderNumberImagingServiceRequest ROIInterpreter RTAccessoryDeviceSlotID
  RTAccessoryHolderSlotID ReferencedStudySequence ReferringPhysicianName ReviewerName SourceOfPreviousValues SpecimenPreparationSequence
  StudyID VerifyingObserverIdentificationCodeSequence
`);

/** Attributes that may not be empty where they are. */
const DUMMIED = words(`
  ClinicalTrialProtocolEthicsCommitteeName ClinicalTrialProtocolID ClinicalTrialSponsorName ClinicalTrialSubjectID
  ClinicalTrialSubjectReadingID ContainerIdentifier DestinationAE PersonName SelectorAEValue SelectorASValue SelectorPNValue SelectorURValue
  SpecimenIdentifier VerifyingObserverName VerifyingOrganization
`);

/** Make, model and numbers of the equipment; UIDs of devices are replaced as all others are, the same by the same. Of places of stations, which the option would keep, nothing is. */
const DEVICE = words(`
  Manufacturer ManufacturerModelName SoftwareVersions ReceiveCoilName TransmitCoilName DetectorManufacturerName
  DetectorManufacturerModelName SecondaryCaptureDeviceManufacturer SecondaryCaptureDeviceManufacturerModelName
  SecondaryCaptureDeviceSoftwareVersions CassetteID DetectorID DeviceDescription DeviceLabel DeviceSerialNumber GantryID
  GeneratorID LensMake LensModel LensSerialNumber LensSpecification ManufacturerDeviceIdentifier
  ModifyingDeviceID ModifyingSystem PerformedStationName PlateID SourceManufacturer SourceSerialNumber StationName TreatmentMachineName
  UniqueDeviceIdentifier XRayDetectorID XRayDetectorLabel XRaySourceID
`);

/** Short technical texts and codes of the standard, which are kept as long as they look like such. */
const TECHNICAL = words(`
  CodeValue CodingSchemeDesignator CodingSchemeVersion ImagedNucleus SequenceName PulseSequenceName RescaleType ModalityLUTType
  TimezoneOffsetFromUTC
`);

const TREATMENTS: ReadonlyMap<string, Treatment> = new Map([
  ...REMOVED.map((keyword) => [keyword, 'REMOVE'] as const),
  ...EMPTIED.map((keyword) => [keyword, 'EMPTY'] as const),
  ...DUMMIED.map((keyword) => [keyword, 'DUMMY'] as const),
  ...DEVICE.map((keyword) => [keyword, 'DEVICE'] as const),
  ...TECHNICAL.map((keyword) => [keyword, 'TECHNICAL'] as const),
]);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
