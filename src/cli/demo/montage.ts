import { asItLies, slicesOfGenerated } from '../../imaging/generated-volume.js';
import { decodeNifti } from '../../imaging/nifti.js';
import { renderMontage } from '../../imaging/montage.js';
import { trainedStack } from '../../imaging/normalise.js';
import { loadRadiograph, radiographInput } from '../../imaging/radiograph/index.js';
import type { GreyImage } from '../../metrics/index.js';
import type { ApiClient } from '../api-client.js';
import type { DemoKnee, DemoResult } from './generation.js';

/** The picture of the demo: radiograph, the phantom's own slices, the generated ones, and where their edges differ. */
export async function demoMontage(api: ApiClient, knee: DemoKnee, result: DemoResult): Promise<Buffer> {
  const film = await loadRadiograph({ bytes: await api.download(knee.radiograph.image.url), name: 'The film' });
  const generated = await slicesOf(api, result.volumeUrl);
  const real = knee.mriSeries.find(({ volume }) => volume !== null)?.volume;
  const reference = real
    ? trainedStack((await decodeNifti(await api.download(real.url))).volume, { sliceCount: generated.length })
    : undefined;
  const { psnr, ssim, rssim, adjacentCorrelation } = result;
  const fact = (value: number | null, digits: number, unit = '') =>
    value === null ? 'none' : value.toFixed(digits) + unit;
  return renderMontage({
    title: `Participant ${knee.participant.oaiId} · ${knee.side.toLowerCase()} knee · KL ${knee.kl ?? 'missing'}`,
    subtitle: 'Everything here is synthetic: a drawn knee, and a volume generated from its radiograph',
    radiograph: asItLies(
      radiographInput(film, result.box, knee.side).map((value) => (value + 1) / 2),
      knee.side,
    ),
    generated,
    real: reference,
    realLabel: 'PHANTOM',
    scores: result.slices.map(({ psnr: p, ssim: s, rssim: r }) =>
      p === null || s === null || r === null ? null : { psnr: p, ssim: s, rssim: r },
    ),
    facts: [
      ['median PSNR', fact(psnr, 1, ' dB')],
      ['median SSIM', fact(ssim, 3)],
      ['median RSSIM', fact(rssim, 3)],
      ['adjacent correlation', fact(adjacentCorrelation, 3)],
      ['device', result.device],
      ['time', `${(result.durationMs / 1000).toFixed(1)} s`],
    ],
  });
}

async function slicesOf(api: ApiClient, url: string): Promise<GreyImage[]> {
  const { volume } = await decodeNifti(await api.download(url));
  return slicesOfGenerated(volume, 'The generated volume');
}
