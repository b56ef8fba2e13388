#include "stores.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <thread>

#include "support/built.hpp"
#include "support/free_port.hpp"
#include "support/raw_client.hpp"

namespace winnow::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAccess = "access";
constexpr const char* kSecret = "a/secret+key";

bool answers(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return connected;
}

}  // namespace

Service::Service(std::uint16_t port, std::unique_ptr<TemporaryFolder> folder, Peer server, Peer proxy)
    : port_(port), folder_(std::move(folder)), server_(std::move(server)), proxy_(std::move(proxy)) {
  EXPECT_NE(proxy_.port(), 0);
}

Service* Service::of(StoreKind kind) {
  static std::map<StoreKind, std::unique_ptr<Service>> services;
  const auto found = services.find(kind);
  if (found != services.end()) return found->second.get();
  return (services[kind] = start(kind)).get();
}

std::unique_ptr<Service> Service::start(StoreKind kind) {
  if (kind == StoreKind::kMoto) return has_peer("moto") ? start_moto() : nullptr;
  return std::filesystem::exists(peers_python().parent_path() / "weed") ? start_seaweed() : nullptr;
}

std::unique_ptr<Service> Service::start_moto() {
  Peer server = Peer::script("moto_server.py", {kBucket});
  const std::uint16_t port = server.port();
  Peer proxy = Peer::script("fault_proxy.py", {std::to_string(port)});
  return std::unique_ptr<Service>(new Service(port, nullptr, std::move(server), std::move(proxy)));
}

// It makes buckets by itself when they are written to.
std::unique_ptr<Service> Service::start_seaweed() {
  for (int attempt = 0; attempt < 3; ++attempt) {  // somebody may take a port before it does
    auto folder = std::make_unique<TemporaryFolder>();
    folder->write("s3.json",
                  fmt::format(R"({{"identities":[{{"name":"tests","credentials":[{{"accessKey":"{}",)"
                              R"("secretKey":"{}"}}],"actions":["Admin","Read","Write","List"]}}]}})",
                              kAccess, kSecret));
    std::filesystem::create_directories(*folder / "data");
    std::vector<std::string> command{peers_python().parent_path() / "weed",
                                     "server",
                                     "-s3",
                                     "-s3.iam=false",
                                     "-ip=127.0.0.1",
                                     "-ip.bind=127.0.0.1",
                                     "-master.telemetry=false",
                                     "-s3.port.iceberg=0",
                                     "-s3.port.lance=0",
                                     "-master.volumeSizeLimitMB=64",
                                     "-dir=" + (*folder / "data").string(),
                                     "-s3.config=" + (*folder / "s3.json").string()};
    for (const char* part : {"master", "volume", "filer", "s3"}) {
      command.push_back(fmt::format("-{}.port={}", part, free_port()));
      command.push_back(fmt::format("-{}.port.grpc={}", part, free_port()));
    }
    const auto port = static_cast<std::uint16_t>(std::stoi(command[command.size() - 2].substr(9)));
    Peer server(command);
    for (const auto end = std::chrono::steady_clock::now() + 60s;
         server.running() && std::chrono::steady_clock::now() < end;) {
      if (answers(port)) {
        Peer proxy = Peer::script("fault_proxy.py", {std::to_string(port)});
        return std::unique_ptr<Service>(
            new Service(port, std::move(folder), std::move(server), std::move(proxy)));
      }
      std::this_thread::sleep_for(50ms);
    }
  }
  ADD_FAILURE() << "SeaweedFS does not start";
  return nullptr;
}

net::S3Options Service::options(bool through_proxy) const {
  net::S3Options options;
  options.endpoint = fmt::format("http://127.0.0.1:{}", through_proxy ? proxy_.port() : port_);
  options.bucket = kBucket;
  options.access_key = kAccess;
  options.secret_key = kSecret;
  options.first_delay = 1ms;
  options.max_delay = 20ms;
  options.attempts = 4;
  options.stalled_for = 1s;
  options.slow_answer_for = 2s;
  if (!through_proxy) options.stalled_for = options.slow_answer_for = 30s;
  return options;
}

void Service::spoil(const std::string& kind, unsigned at, unsigned count) const {
  EXPECT_EQ(request(proxy_.port(), "GET", fmt::format("/__fault/{}/{}/{}", kind, at, count)).status, 200);
}

unsigned Service::requests() const {
  return static_cast<unsigned>(std::stoul(request(proxy_.port(), "GET", "/__count").body));
}

EmptyStore::EmptyStore(StoreKind kind, bool through_proxy) {
  static unsigned stores = 0;
  if (kind == StoreKind::kLocal) {
    options_.location = (scratch_ / "objects").string();
  } else {
    options_.location = fmt::format("s3://{}/store {}", kBucket, ++stores);
    options_.s3 = Service::of(kind)->options(through_proxy);
    options_.cold_mode =
        kind == StoreKind::kMoto ? storage::ColdMode::kStorageClass : storage::ColdMode::kPrefix;
  }
  store_ = storage::open_object_store(options_);
}

}  // namespace winnow::test
