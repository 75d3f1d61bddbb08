/* What to say about TLS and time-outs: no curl in it. */
#include "net/http_internal.h"

/* OpenSSL's X509_V_ERR_* (x509_vfy.h), which CURLINFO_SSL_VERIFYRESULT gives. */
static const char *verify_hint(long verify_result)
{
	switch (verify_result) {
	case 9:
		return "the certificate is not valid yet: check this machine's clock";
	case 10:
		return "the server's certificate has expired: renew it, or check this machine's clock";
	case 2:
	case 18:
	case 19:
	case 20:
	case 21:
		return "the server's certificate is not signed by the trusted CA: wrong certificate-authority, or not the server you meant";
	default:
		return "check certificate-authority and tls-server-name of the cluster in the kubeconfig";
	}
}

int http_certificate_error(const char *url, const char *why, const struct http_pem *trusted, long verify_result, struct err *err)
{
	const char *ca = trusted->data ? trusted->from ? trusted->from : "the given CA" : "the system's CA certificates";
	if (strstr(why, "subject name") || strstr(why, "common name") || strstr(why, "SAN"))
		return err_set(err, ERR_TLS,
			       "%s: %s: the server's certificate is for another name: check the server's address or set tls-server-name", url, why);
	return err_set(err, ERR_TLS, "%s: %s (verified against %s): %s", url, why, ca, verify_hint(verify_result));
}

int http_connect_timeout_error(const char *url, const char *why, usec_t timeout, struct err *err)
{
	long long seconds = (timeout ? timeout : HTTP_CONNECT_TIMEOUT) / USEC_PER_SEC;
	const char *hint = strstr(why, "SSL") ? "something listens there, but ends no TLS handshake: is it the right port?"
					      : "is the server reachable (VPN, firewall)?";
	return err_set(err, ERR_TIMEOUT, "%s: no connection within %lld s: %s", url, seconds, hint);
}
