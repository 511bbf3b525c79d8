"""Which recorded malicious names imitate a popular project, and which; judged by hand.

Counted is a name that a hurried reader or typist could take for the project's own, or that adds
to the project's name nothing but a word that tells nothing (``pro``, ``py``, ``dev``, a number).
Not counted are names that merely hold one (``matplotlib-flask``, ``flaskignoressl``,
``pyhttpxhelper``), invented ones (``esqcandyosint``), and those whose model is not among the
popular projects (``UNPOPULAR``): nobody can find an imitation of what is not known.
"""

from __future__ import annotations

_LISTED = """
requests: requess requessts erquests reqeosts requeits request91 requestr requestsd requestspro
requests: requestst requesuts requesxs requesxt requetsa requewsts requksts requstss ruequest3
requests: reques reqest requests1
aiohttp: aiohtpt aiohttpp aioohttp aiottp aohttp
oss2: aliyun-oss2
beautifulsoup: beatifulsoup beatuifulsoup beauifulsoup beauitfulsoup beautiflusoup beautifulsop
beautifulsoup: beautifulsou beautifulsuop beautifulsup beauutifulsoup beeautifulsoup beuatifulsoup
beautifulsoup: ebautifulsoup
beautifulsoup4: beatuifulsoup4 beautiffulsoup4 beautifulosup4 beautifulsop4 beautifulsoup44
beautifulsoup4: beautifulsoupp4 beautifulsouup4 beautifulssoup4 beautiulsoup4 beauttifulsoup4
beautifulsoup4: beuatifulsoup4
bip-utils: bip-utilds
bitcoinlib: bbitcoinlib
click: clickk
colorama: coloarma coorama oclorama colourema colorama-py coloramae coloramas coloramaz colorame
colorama: coloramia coloramka coloramu coloramxs coloranam colormma colorramma colprama
cryptography: cryptograohy
discord-py: discord-p discord-y discord-dev
discord-webhook: discord-webhhook
django-storages: django-storage
flask: falask
httpx: httpxs httpxv3
matplotlib: matlotlib matlpotlib matplotlb matplotlibb matplotliib matpltlib matpplotlib mstplotlib
pandas: apndas panas pnadas
pillow: ipllow pilloww pillw ppillow pillkw pillo2 pilpow pullow
prompt-toolkit: prompt-toolkiit
pycodestyle: pycoodestyle
pystyle: pystlete
python-binance: pyhton-binance
pyyaml: pyyal
scikit-learn: sciikit-learn sciikt-learn sciit-learn scikit-lean scikit-learnn sckiit-learn
scikit-learn: sickit-learn
selenium: seelenium seelnium seleinum seleium selennium sselenium seleneium
tensorflow: ensorflow tenosrflow tensorfllow tensorlow tensroflow tenssorflow tesnorflow
urllib3: urllbi3 urllibb3
web3: wweb3 wweb3-py web3-pyy
websocket-client: websocekt-client websockte-client wwebsocket-client
xlsxwriter: xlsxwriiter xlsxwritr
"""

_LISTED_UNPOPULAR = """
capmonstercloudclient: capmonsterclouclient
cryptofeed: crypotfeed
ethereum: etherreeum etherreumm ethherium ethherum ethreeum ethrum eethereum ehtereum etheereium
ethereum: etheerem etheeruim etheeruum etheirum etheraem ethererum ethereuum etheriuim etheriuum
ethereum: pyethereum
fedlearner: fedlearnerr
"""


def _read(listed: str) -> dict[str, str]:
    """The imitating names and what they imitate."""
    lines = (line.partition(": ") for line in listed.strip().splitlines())
    return {name: target for target, _, names in lines for name in names.split()}


IMITATIONS = _read(_LISTED)
"""Malicious name -> the popular project that it imitates."""
UNPOPULAR = _read(_LISTED_UNPOPULAR)
"""The same for projects that are not popular."""
