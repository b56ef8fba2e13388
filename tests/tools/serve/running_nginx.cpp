#include "running_nginx.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "support/built.hpp"
#include "support/certificate.hpp"
#include "support/free_port.hpp"
#include "winnow/core/text.hpp"

namespace winnow::test {
namespace {

using namespace std::chrono_literals;

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  ASSERT_NE(place, std::string::npos) << "deploy/nginx/winnow-serve.conf no longer holds: " << from;
  text.replace(place, from.size(), to);
}

// One process that stays in the foreground, so that it dies with the test.
constexpr const char* kMain = R"(daemon off;
master_process off;
pid nginx.pid;
error_log error.log info;
events { worker_connections 2048; }
http {
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  access_log off;
  include site.conf;
}
)";

}  // namespace

bool listens(std::uint16_t port) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(client, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0;
  ::close(client);
  return connected;
}

bool has_nginx() {
  return std::filesystem::exists(WINNOW_NGINX);
}

RunningNginx::RunningNginx(const std::vector<std::uint16_t>& upstreams,
                           const std::vector<std::pair<std::string, std::string>>& changes)
    : port_(static_cast<std::uint16_t>(free_port())), plain_port_(static_cast<std::uint16_t>(free_port())) {
  const Certificate certificate = make_certificate(kSiteName);
  folder_.write("cert.pem", certificate.certificate);
  folder_.write("key.pem", certificate.key);
  std::string site = read_text(deployment("nginx/winnow-serve.conf"));
  const auto here = [this](const char* name) { return (folder_ / name).string(); };
  replace(site, "listen 80;", "listen 127.0.0.1:" + std::to_string(plain_port_) + ";");
  replace(site, "listen [::]:80;", "");
  replace(site, "listen 443 ssl;", "listen 127.0.0.1:" + std::to_string(port_) + " ssl;");
  replace(site, "listen [::]:443 ssl;", "");
  replace(site, "/etc/letsencrypt/live/classify.example.org/fullchain.pem", here("cert.pem"));
  replace(site, "/etc/letsencrypt/live/classify.example.org/privkey.pem", here("key.pem"));
  replace(site, "/var/log/nginx/winnow-serve.log", here("access.log"));
  replace(site, "/dev/shm/winnow-nginx", here("uploads"));
  for (const auto& [from, to] : changes) replace(site, from, to);
  replace(site, "server 127.0.0.1:8080", "server 127.0.0.1:" + std::to_string(upstreams.at(0)));
  if (upstreams.size() > 1) {
    replace(site, "# server 127.0.0.1:8081", "server 127.0.0.1:" + std::to_string(upstreams[1]));
  }
  folder_.write("site.conf", site);
  folder_.write("nginx.conf", kMain);
  process_ = std::make_unique<Process>(std::vector<std::string>{WINNOW_NGINX, "-p", folder_.path().string(),
                                                                "-c", "nginx.conf", "-e", "stderr"});
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (!listens(port_)) {
    if (process_->running() && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(5ms);
      continue;
    }
    ADD_FAILURE() << "nginx does not start: " << process_->err() << error_log();
    return;
  }
}

std::unique_ptr<TlsClient> RunningNginx::connect() const {
  return std::make_unique<TlsClient>(port_);
}

Reply RunningNginx::ask(const std::string& method, const std::string& target, std::string_view body,
                        const std::string& more_headers) const {
  TlsClient client(port_);
  client.send(request_text(method, target, body, "Connection: close\r\n" + more_headers));
  return client.read_reply();
}

void RunningNginx::stop() {
  process_->signal(SIGQUIT);
  EXPECT_EQ(process_->wait().exit_code, 0) << process_->err();
}

std::vector<Json> RunningNginx::access_log() const {
  return read_json_lines(folder_ / "access.log");
}

std::string RunningNginx::error_log() const {
  const bool written = std::filesystem::exists(folder_ / "error.log");
  return written ? read_text(folder_ / "error.log") : "";
}

std::string request_text(const std::string& method, const std::string& target, std::string_view body,
                         const std::string& more_headers) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: " + kSiteName + "\r\n" + more_headers;
  if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append("\r\n").append(body);
}

std::vector<Json> read_json_lines(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  std::vector<Json> lines;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) lines.push_back(Json::parse(line));
  }
  return lines;
}

}  // namespace winnow::test
