import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** Makes a self-signed certificate for 127.0.0.1, which is its own authority. */
export function makeCertificate(folder: string, name: string): Certificate {
  mkdirSync(folder, { recursive: true })
  const certFile = path.join(folder, `${name}.pem`)
  const keyFile = path.join(folder, `${name}.key`)
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const files = ['-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile]
  execFileSync('openssl', [...kind, ...files, ...subject], { stdio: 'ignore' })
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  }
}

export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
