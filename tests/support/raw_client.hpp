#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace winnow::test {

// One HTTP answer as it came over the wire.
struct Reply {
  int status = 0;                              // 0: the server closed without a whole answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

// Takes one answer from what has been received, and calls fill() for more, which returns false at the end.
Reply take_reply(std::string& received, const std::function<bool()>& fill, bool head_only = false);

// A TCP client that sends exactly the bytes it is told to, well formed or not. Nothing blocks for longer than
// the limit; running into it fails the test.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const std::string& address = "127.0.0.1");
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Returns false if the server no longer takes anything.
  bool send(std::string_view bytes);
  void finish_sending();
  // Closes with a reset, as a killed client does.
  void reset();

  // Reads one answer and keeps what follows for the next call. head_only: the answer to a HEAD request.
  Reply read_reply(bool head_only = false);
  // Reads until the server closes.
  std::string read_all();
  // Waits for some bytes, and returns those that came; empty if the server closed.
  std::string read_some();
  // Waits for the server to close; false if it sends more instead.
  bool closed_by_server() { return read_all().empty(); }

 private:
  bool fill();  // appends to received_; false at the end

  int socket_ = -1;
  std::string received_;
};

// One request on a connection of its own.
Reply request(std::uint16_t port, const std::string& method, const std::string& target,
              std::string_view body = "", const std::string& more_headers = "");

}  // namespace winnow::test
