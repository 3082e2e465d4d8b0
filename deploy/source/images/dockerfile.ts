import { COMPONENTS, imageConfig } from './image.ts'

/**
 * A Dockerfile for those who have a builder and a registry: its last stages hold the same files as the archives of
 * `npm run images`, and start the binaries the same way.
 *
 * @param root directory of the repository
 */
export function dockerfile(root: string, nodeVersion: string): string {
  const stages = COMPONENTS.map((component) => {
    const { entrypoint, env, user } = imageConfig({ root }, component, { architecture: 'amd64', version: '' })
    return [
      `FROM scratch AS ${component}`,
      `COPY --from=build /out/${component}/ /`,
      `ENV ${env.join(' ')}`,
      `USER ${user}`,
      `ENTRYPOINT ${JSON.stringify(entrypoint)}`
    ].join('\n')
  })
  return `# Made by \`npm run generate\`; what is changed here is lost.
# docker buildx build --platform linux/amd64,linux/arm64 --target speaker -f deploy/images/Dockerfile -t … .
FROM --platform=$BUILDPLATFORM node:${nodeVersion}-bookworm-slim AS build
ARG TARGETARCH
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npx turbo run build
RUN node scripts/build-images.ts --arch $TARGETARCH --unpacked /out

${stages.join('\n\n')}
`
}
