import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** Makes a self-signed certificate, which is its own authority. @param host as OpenSSL names it */
export function makeCertificate(folder: string, name: string, host = 'IP:127.0.0.1'): Certificate {
  mkdirSync(folder, { recursive: true })
  const certFile = path.join(folder, `${name}.pem`)
  const keyFile = path.join(folder, `${name}.key`)
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${host}`]
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
