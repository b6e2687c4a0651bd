#!/usr/bin/env bash
# An application behind nginx that lets five requests a minute of each visitor through, by
# deploy/nginx/nginx.conf. Prints what each of eight requests came to. Needs nginx and python3.
set -euo pipefail
lockstep=${LOCKSTEP_URL:-http://127.0.0.1:7700}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
stop() {
  kill $(jobs -p) 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap stop EXIT
PATH=$PATH:/usr/sbin

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
application=$(free_port)
site=$(free_port)

curl -sf -o /dev/null -X PUT --json '{
  "limit": 5, "windowMs": 60000, "algorithm": "sliding-window", "mode": "strict",
  "authz": { "key": ["address"] }
}' "$lockstep/v1/ratelimit-policies/site"

echo 'Hello.' >"$work/index.html"
python3 -m http.server -b 127.0.0.1 -d "$work" "$application" >/dev/null 2>&1 &

sed -e "s|127.0.0.1:7700|${lockstep#http://}|" -e "s|127.0.0.1:8080|127.0.0.1:$application|" \
  -e "s|127.0.0.1:8000|127.0.0.1:$site|" \
  -e 's|http {|http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;|' \
  "$here/../../deploy/nginx/nginx.conf" >"$work/nginx.conf"
nginx -p "$work" -c nginx.conf -e stderr -g 'daemon off; master_process off; pid nginx.pid; error_log stderr;' &

for port in "$application" "$site"; do
  until curl -s -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.1; done
done
curl -sf -o /dev/null --json '{ "key": "127.0.0.1" }' "$lockstep/v1/ratelimits/site/reset"
for _ in 1 2 3 4 5 6 7 8; do
  curl -s -o /dev/null "http://127.0.0.1:$site/" \
    -w '%{http_code}  left and resets in: %header{ratelimit}  retry after: %header{retry-after}\n'
done
