#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "support/raw_client.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/serving/site.hpp"

namespace winnow::serving {

using test::RawClient;
using test::Reply;

// Tells red, green and blue pictures apart by their mean colour. Dark ones are unlike anything it knows.
class ColourClassifier : public inference::Classifier {
 public:
  // Holds up whoever classifies until it is opened.
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = true;
    int inside = 0;

    void set_open(bool value) {
      const std::lock_guard lock(mutex);
      open = value;
      changed.notify_all();
    }
    void pass() {
      std::unique_lock lock(mutex);
      ++inside;
      changed.notify_all();
      changed.wait(lock, [&] { return open; });
    }
    // Waits until somebody has come.
    void wait_for_visitor() {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return inside > 0; });
    }
  };

  explicit ColourClassifier(std::shared_ptr<Gate> gate = std::make_shared<Gate>()) : gate_(std::move(gate)) {
    metadata_.architecture = "mean_colour";
    metadata_.classes = {"red", "green", "blue"};
    metadata_.preprocessing.size = 32;
    metadata_.unknown = model::UnknownRule{5, 0.5F};
  }

  model::Metadata& change_metadata() { return metadata_; }
  [[nodiscard]] const model::Metadata& metadata() const override { return metadata_; }

  std::vector<inference::Prediction> classify(std::span<const std::uint8_t> pixels) override {
    gate_->pass();
    const std::size_t size = image::output_bytes(metadata_.preprocessing);
    std::vector<inference::Prediction> predictions;
    for (std::size_t at = 0; at < pixels.size(); at += size) {
      std::vector<float> sums(metadata_.classes.size(), 0.0F);
      float all = 0;
      for (std::size_t i = 0; i < size; ++i) {
        sums[i % 3] += static_cast<float>(pixels[at + i]);
        all += static_cast<float>(pixels[at + i]);
      }
      for (float& sum : sums) sum = all > 0 ? sum / all : 1.0F / static_cast<float>(sums.size());
      inference::Prediction prediction;
      prediction.probabilities = sums;
      prediction.logits = sums;
      prediction.similarity = all / static_cast<float>(size) < 40 ? 0.1F : 0.9F;
      predictions.push_back(std::move(prediction));
    }
    return predictions;
  }

 private:
  const std::shared_ptr<Gate> gate_;
  model::Metadata metadata_;
};

inline std::string solid_jpeg(int red, int green, int blue, int width = 64, int height = 48) {
  image::Image picture(width, height);
  for (std::size_t i = 0; i < picture.size_bytes(); i += 3) {
    picture.pixels()[i] = static_cast<std::uint8_t>(red);
    picture.pixels()[i + 1] = static_cast<std::uint8_t>(green);
    picture.pixels()[i + 2] = static_cast<std::uint8_t>(blue);
  }
  const Bytes bytes = image::encode_jpeg(picture, 90);
  return std::string(as_text(bytes));
}

inline std::string red_jpeg() {
  return solid_jpeg(250, 2, 2);
}
inline std::string green_jpeg() {
  return solid_jpeg(2, 250, 2);
}
inline std::string black_jpeg() {
  return solid_jpeg(3, 3, 3);
}

// A multipart form under construction.
class Form {
 public:
  Form& add_file(const std::string& name, const std::string& file_name, const std::string& content) {
    body_ += "--XX\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + file_name +
             "\"\r\n\r\n" + content + "\r\n";
    return *this;
  }
  Form& add_field(const std::string& name, const std::string& value) {
    body_ += "--XX\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    return *this;
  }
  [[nodiscard]] std::string body() const { return body_ + "--XX--\r\n"; }
  static constexpr const char* kType = "Content-Type: multipart/form-data; boundary=XX\r\n";

 private:
  std::string body_;
};

// A site on a free port.
class RunningSite {
 public:
  using Change = std::function<void(SiteOptions&)>;

  // With a classifier it is ready; with none it is still loading.
  explicit RunningSite(
      std::unique_ptr<inference::Classifier> classifier = std::make_unique<ColourClassifier>(),
      const Change& change = {}) {
    SiteOptions options;
    options.server.listen.port = 0;
    if (change) change(options);
    site_ = std::make_unique<Site>(std::move(options), log_);
    site_->start();
    if (!classifier) return;
    site_->open({"test", 1}, std::move(classifier), "test.onnx");
    site_->set_ready();
  }

  Site* operator->() { return site_.get(); }
  void destroy() { site_.reset(); }
  [[nodiscard]] std::uint16_t port() const { return site_->port(); }

  Reply get(const std::string& target, const std::string& headers = "") {
    return test::request(port(), "GET", target, "", headers);
  }
  Reply post(const std::string& target, const std::string& body, const std::string& headers = "") {
    return test::request(port(), "POST", target, body, headers);
  }
  Reply post(const std::string& target, const Form& form) { return post(target, form.body(), Form::kType); }

 private:
  Logger log_{"test"};
  std::unique_ptr<Site> site_;
};

}  // namespace winnow::serving
