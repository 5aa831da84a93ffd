import { InvalidArgumentError, Option } from 'commander';
import type { WebhookRules } from '../policy/index.js';

/** What {@link webhookOptions} come to. */
export interface WebhookChoice {
  webhookAllowHttp: boolean;
  webhookAllowHost: string[];
}

/** Where webhooks may lead beside public addresses, for every command that sends to them. */
export function webhookOptions(): Option[] {
  return [
    new Option('--webhook-allow-http [yes-or-no]', 'let webhooks be without TLS')
      .default(false)
      .preset('yes')
      .argParser(yesOrNo)
      .env('OSTEOGRAPH_WEBHOOK_ALLOW_HTTP'),
    new Option(
      '--webhook-allow-host <host>',
      'host, or host:port, to which webhooks may lead although its addresses are private; may be given again',
    )
      .argParser(collectHost)
      .default([], 'public addresses alone')
      .env('OSTEOGRAPH_WEBHOOK_ALLOW_HOST'),
  ];
}

export function webhookRulesOf({ webhookAllowHttp, webhookAllowHost }: WebhookChoice): WebhookRules {
  return { allowHttp: webhookAllowHttp, allowHosts: webhookAllowHost };
}

/** A variable of the environment that is empty or says no means no. */
function yesOrNo(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (['yes', 'true', '1', 'on'].includes(word)) return true;
  if (['', 'no', 'false', '0', 'off'].includes(word)) return false;
  throw new InvalidArgumentError(`--webhook-allow-http is yes or no, got "${text}".`);
}

/** Adds hosts; a variable of the environment has several, separated by commas. */
function collectHost(text: string, before: string[]): string[] {
  const hosts = text
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  for (const host of hosts) {
    const url = `http://${host}/`;
    if (!URL.canParse(url) || (new URL(url).host !== host && `${new URL(url).host}:80` !== host)) {
      throw new InvalidArgumentError(
        `--webhook-allow-host must be a host or host:port, such as hooks.example.org or 10.0.0.7:9000, got "${host}".`,
      );
    }
  }
  return [...before, ...hosts];
}
