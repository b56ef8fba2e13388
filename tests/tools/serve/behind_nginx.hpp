#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "running_nginx.hpp"
#include "serve_process.hpp"

namespace winnow::test {

// Tests of winnow-serve behind nginx, and what keeps both busy.
class ServeBehindNginx : public ServeTest {
 protected:
  void SetUp() override {
    WINNOW_NEED_NGINX();
    ServeTest::SetUp();
  }

  static std::vector<std::string> behind_nginx(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"--trusted-proxy", "127.0.0.1", "--access-log", "access.jsonl"};
    words.insert(words.end(), more.begin(), more.end());
    return command(words);
  }

  // Keeps `clients` connections busy with requests, each `rounds` times, and counts the answers by status.
  // Between the rounds everybody pauses.
  static std::map<int, int> load(const RunningNginx& nginx, const std::string& request, int clients,
                                 int requests, const std::vector<std::chrono::milliseconds>& pauses = {}) {
    std::mutex mutex;
    std::map<int, int> statuses;
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&] {
        std::map<int, int> own;
        const auto client = nginx.connect();
        for (std::size_t round = 0; round <= pauses.size(); ++round) {
          if (round > 0) std::this_thread::sleep_for(pauses[round - 1]);
          for (int k = 0; k < requests; ++k) {
            client->send(request);
            ++own[client->read_reply().status];
          }
        }
        const std::lock_guard lock(mutex);
        for (const auto& [status, count] : own) statuses[status] += count;
      });
    }
    threads.clear();
    return statuses;
  }

  // Asks until it is told to end.
  class Load {
   public:
    Load(const RunningNginx& nginx, const std::string& request, int clients) {
      for (int i = 0; i < clients; ++i) {
        threads_.emplace_back([this, &nginx, request] {
          std::unique_ptr<TlsClient> client;
          for (int asked = 0; !over_; ++asked) {
            if (asked % 500 == 0) client = nginx.connect();  // nginx closes after 1000
            client->send(request);
            const Reply reply = client->read_reply();
            ++answers_;
            if (reply.status == 200) continue;
            const std::lock_guard lock(mutex_);
            failures_.push_back(std::to_string(reply.status) + " " + reply.body);
            client = nginx.connect();
          }
        });
      }
    }
    // Waits until so many more have been answered.
    void go_on(int answers) const {
      const int enough = answers_ + answers;
      while (answers_ < enough) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::vector<std::string> end() {
      over_ = true;
      threads_.clear();
      return failures_;
    }

   private:
    std::atomic<bool> over_ = false;
    std::atomic<int> answers_ = 0;
    std::mutex mutex_;
    std::vector<std::string> failures_;
    std::vector<std::jthread> threads_;
  };
};

}  // namespace winnow::test
