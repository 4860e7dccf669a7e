"""PHP's SoapClient, as a shop's plugin uses it, against the WSDL. Exit 77 (skipped) where PHP or its soap extension is not there."""

import shutil
import subprocess
import sys

from sandbox import Sandbox, order

CLIENT = """
ini_set('soap.wsdl_cache_enabled', '0');
$client = new SoapClient($argv[1] . '/wsdl?targetURI=urn:omlink');
$reply = $client->comwsomhandler('01', file_get_contents('php://stdin'));
preg_match('/RequestStatus="([^"]*)" RequestError="([^"]*)"/', $reply, $found);
echo $found[1], '|', $found[2], "\\n";
try { $client->wsomhandler('nonsense'); } catch (SoapFault $fault) { echo $fault->faultcode, "\\n"; }
"""


def main():
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False).stdout if shutil.which("php") else ""
    if "soap" not in modules.split():
        print("skipped: no php with soap (Debian: php-cli php-soap)", file=sys.stderr)
        sys.exit(77)
    prima = Sandbox()
    try:
        for number, said in (("1", "OK|"), ("1", "ERROR|Order 1 already exists")):
            done = subprocess.run(["php", "-r", CLIENT, "--", prima.url], input=order(number, CustomerSurname="Zoë <&>"),
                                  capture_output=True, text=True, timeout=60, check=True)
            assert done.stdout.splitlines() == [said, "SOAP-ENV:Client"], done
        assert prima.sql("SELECT company, surname FROM orders") == [("01", "Zoë <&>")]
    finally:
        prima.stop()
    print("php ok")


if __name__ == "__main__":
    main()
