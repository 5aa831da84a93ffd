import { Check, Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** A PACS that results may be sent to. It is added on the machine, so that nobody has a server connect to wherever they like. */
@Entity('dicom_peer')
@Unique('dicom_peer_name', ['name'])
@Check('dicom_peer_port', 'port BETWEEN 1 AND 65535')
export class DicomPeer {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'PK_dicom_peer',
  })
  id!: number;

  /** By which rules and requests name it. */
  @Column('text')
  name!: string;

  @Column('text')
  aeTitle!: string;

  @Column('text')
  host!: string;

  @Column('integer')
  port!: number;

  /** By which we call it. */
  @Column('text')
  callingAeTitle!: string;

  /** Whether it is spoken to over TLS. */
  @Column('boolean')
  tls!: boolean;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}
