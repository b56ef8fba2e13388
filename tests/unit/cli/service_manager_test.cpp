#include "winnow/cli/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace winnow::cli {
namespace {

using namespace std::chrono_literals;

int listen_on(const std::string& path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';
  ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address),
         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size()));
  return descriptor;
}

// Each runs in a child: it changes the environment of its process.
TEST(ServiceManager, HearsOfEveryState) {
  const test::TemporaryFolder folder;
  for (const std::string& path :
       {(folder / "notify").string(), "@winnow-test-" + std::to_string(::getpid())}) {
    const int socket = listen_on(path);
    EXPECT_EQ(test::run_in_child([&] {
                ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
                const ServiceManager manager;
                manager.notify("READY=1");
                return std::getenv("NOTIFY_SOCKET") == nullptr ? 0 : 1;
              }).exit_code,
              0);
    char text[32] = {};
    EXPECT_EQ(::recv(socket, text, sizeof text, MSG_DONTWAIT), 7);
    EXPECT_STREQ(text, "READY=1");
    ::close(socket);
  }
}

TEST(ServiceManager, HandsOverASocketThatIsForThisProcess) {
  const auto inherited = [](const std::string& pid, const char* count) {
    return test::run_in_child([&] {
             ::setenv("LISTEN_PID", pid == "own" ? std::to_string(::getpid()).c_str() : pid.c_str(), 1);
             ::setenv("LISTEN_FDS", count, 1);
             return ServiceManager().inherited_socket().value_or(0);
           })
        .exit_code;
  };
  EXPECT_EQ(inherited("own", "1"), 3);
  EXPECT_EQ(inherited("own", "2"), 3);
  EXPECT_EQ(inherited("own", "0"), 0);
  EXPECT_EQ(inherited("own", "x"), 0);
  EXPECT_EQ(inherited("1", "1"), 0);
  EXPECT_EQ(inherited("", "1"), 0);
}

TEST(ServiceManager, KnowsHowOftenItHasToBeTold) {
  const auto interval = [](const char* microseconds) {
    return test::run_in_child([&] {
             ::setenv("WATCHDOG_USEC", microseconds, 1);
             return static_cast<int>(ServiceManager().watchdog_interval().value_or(0ms).count());
           })
        .exit_code;
  };
  EXPECT_EQ(interval("100000"), 50);
  EXPECT_EQ(interval("x"), 0);
  EXPECT_EQ(interval("-5"), 0);
}

TEST(ServiceManager, IsNotNeeded) {
  EXPECT_EQ(test::run_in_child([] {
              const ServiceManager none;
              none.notify("READY=1");
              ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
              ServiceManager().notify("READY=1");
              return none.inherited_socket() || none.watchdog_interval() ? 1 : 0;
            }).exit_code,
            0);
}

}  // namespace
}  // namespace winnow::cli
