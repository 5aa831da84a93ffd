import { Card } from '../../components/card.tsx';
import { Table } from '../../components/table.tsx';

const FIGURES = [
  {
    name: 'PSNR',
    published: 'about 29 dB',
    comparable: 'No',
    why: "That figure looks like unsigned-byte wrap-around: any pair of images gives it. The paper's own published example scores 15.6 dB without it.",
  },
  {
    name: 'SSIM',
    published: 'about 0.28',
    comparable: 'In kind',
    why: 'The paper does not say its window; ours is 7 x 7, uniform. The two usual windows differ by up to 0.07 on the same images.',
  },
  {
    name: 'RSSIM',
    published: 'near 0.5',
    comparable: 'In kind',
    why: 'Edges and region are defined alike, but the paper leaves the thresholds of its edges open, and how the joint is found.',
  },
  {
    name: 'Adjacent slices',
    published: '0.73 at 50 slices, 0.76 at 500; real stacks 0.82',
    comparable: 'In kind',
    why: 'The same correlation at the same number of slices; the paper gives means over volumes, we give medians over knees.',
  },
];

/** Which of the figures may be put beside those of the paper that the method comes from. */
export function PaperNote({ phantoms }: { phantoms: boolean }) {
  return (
    <Card
      title="Beside the paper's figures"
      note={
        phantoms
          ? 'None of the figures above may be compared with published ones: phantoms are among the knees. On real knees alone:'
          : 'In kind: order and size of the figures can be compared, not their digits.'
      }
    >
      <Table plain label="Which figures can be compared" columns={['Figure', 'Published', 'Comparable', 'Why']}>
        {FIGURES.map(({ name, published, comparable, why }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{published}</td>
            <td>{comparable}</td>
            <td>{why}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
