#include "classify/fetch.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "winnow/core/bounded_queue.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/core/text.hpp"
#include "winnow/image/format.hpp"
#include "winnow/net/http_client.hpp"

namespace winnow::tools {
namespace {

namespace fs = std::filesystem;

// An answer on its way from the client's thread to ours.
struct Arrival {
  std::size_t index;
  Result<net::HttpResponse> response;
};

// The last part of the path of an address.
std::string name_of(const net::Url& url) {
  const std::string_view path = url.path().substr(0, url.path().find('?'));
  return std::string(path.substr(path.rfind('/') + 1));
}

Result<fs::path> keep_response(const Result<net::HttpResponse>& response, const fs::path& folder) {
  if (!response) return response.failure();
  if (response->status < 200 || response->status > 299) {
    return Failure{"http_status", "the server answers " + net::describe_status(response->status)};
  }
  return keep_picture(response->body, folder, name_of(response->url));
}

}  // namespace

bool is_address(std::string_view name) {
  const std::string start = to_lower(name.substr(0, 8));
  return start.starts_with("http://") || start.starts_with("https://");
}

fs::path keep_picture(ByteSpan bytes, const fs::path& folder, std::string_view name) {
  std::string own = (folder / "XXXXXX").string();
  if (::mkdtemp(own.data()) == nullptr) throw Error(ErrorKind::kIo, folder.string(), system_message(errno));
  std::string file_name = safe_file_name(name);
  const image::Format format = image::detect_format(bytes);
  if (image::is_decodable(format) && !image::extension_matches(file_name, format)) {
    file_name += "." + std::string(image::file_extension(format));
  }
  fs::path path = fs::path(own) / file_name;
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush())
    throw Error(ErrorKind::kIo, folder.string(), "cannot write a temporary file; is the disk full?");
  return path;
}

std::vector<Result<fs::path>> fetch_pictures(const std::vector<std::string>& addresses,
                                             const fs::path& folder, const ClassifyOptions& options,
                                             const Context& context) {
  net::HttpClientOptions network;
  if (options.allow_private) network.refuse = nullptr;
  BoundedQueue<Arrival> arrivals(addresses.size());
  net::HttpClient client(std::move(network));
  const std::stop_callback stop(context.stop, [&] { client.stop(); });
  std::vector<Result<fs::path>> pictures(addresses.size(), Failure{});
  std::size_t under_way = 0;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Result<net::Url> url = net::Url::parse(addresses[i]);
    if (!url) {
      pictures[i] = url.failure();
      continue;
    }
    ++under_way;
    client.submit({.url = *url, .accept = "image/*,*/*;q=0.5"},
                  [&arrivals, i](Result<net::HttpResponse> response) {
                    arrivals.push({i, std::move(response)});
                  });
  }
  Progress progress(context.terminal, "fetching", under_way);
  for (; under_way > 0; --under_way) {
    const std::optional<Arrival> arrival = arrivals.pop();
    throw_if_stopped(context.stop);
    pictures[arrival->index] = keep_response(arrival->response, folder);
    progress.advance();
  }
  return pictures;
}

}  // namespace winnow::tools
