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
    new Option('--webhook-allow-http', 'let webhooks be without TLS')
      .default(false)
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

/** Adds hosts; a variable of the environment has several, separated by commas. */
function collectHost(text: string, before: string[]): string[] {
  const hosts = text.split(',').map((host) => host.trim().toLowerCase());
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
